using System.Text.Json.Serialization;
using Npgsql;
using NpgsqlTypes;
using Overnight.Api.Paging;

namespace Overnight.Api.Admin;

/// <param name="Id">The hash of the session's token.</param>
internal sealed record SessionItem(string Id, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset LastActiveAt);

/// <summary>A place in the list of one user's sessions, newest first.</summary>
internal readonly record struct SessionCursor(DateTimeOffset CreatedAt, string Id) : ICheckedCursor
{
    [JsonIgnore]
    public bool IsValid => CreatedAt.Offset == TimeSpan.Zero && Id is { Length: 64 } && Id.All(char.IsAsciiHexDigitLower);
}

/// <summary>Reads a user's sessions that are neither ended nor expired from PostgreSQL.</summary>
internal sealed class SessionList(NpgsqlDataSource database, TimeProvider time)
{
    private const string Query = """
        select token_hash, created_at, expires_at, last_active_at from sessions
        where user_id = $1 and revoked_at is null and expires_at > $2 and ($3::timestamptz is null or (created_at, token_hash) < ($3, $4))
        order by created_at desc, token_hash desc limit $5
        """;

    /// <returns>Up to one more than the page asks for.</returns>
    public async Task<List<SessionItem>> ReadAsync(Guid userId, ListPage<SessionCursor> page, CancellationToken ct)
    {
        await using var command = database.CreateCommand(Query);
        command.Parameters.Add(new() { Value = userId });
        command.Parameters.Add(new() { Value = time.GetUtcNow() });
        command.Parameters.Add(
            new() { Value = page.After is { } after ? after.CreatedAt : DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz }
        );
        command.Parameters.Add(new() { Value = page.After?.Id ?? "" });
        command.Parameters.Add(new() { Value = page.Limit + 1 });
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<SessionItem> sessions = [];
        while (await reader.ReadAsync(ct))
            sessions.Add(
                new(
                    reader.GetString(0),
                    reader.GetFieldValue<DateTimeOffset>(1),
                    reader.GetFieldValue<DateTimeOffset>(2),
                    reader.GetFieldValue<DateTimeOffset>(3)
                )
            );
        return sessions;
    }
}
