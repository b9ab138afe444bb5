using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Api.Paging;
using Overnight.Core.Data;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <param name="Id">The hash of the session's token.</param>
/// <param name="ExpiresAt">When it ends however it is used; one that is not used ends sooner.</param>
/// <param name="LastActiveAt">Its last use, late by Sessions:ActivityInterval at most.</param>
/// <param name="Address">Address of the client that made it; null where it is not known.</param>
/// <param name="UserAgent">The first 200 characters of what that client called itself; null where it is not known.</param>
/// <param name="IsCurrent">Whether it is the session that the request is sent with.</param>
internal sealed record SessionItem(
    string Id,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset LastActiveAt,
    string? Address,
    string? UserAgent,
    bool IsCurrent
);

/// <summary>A place in the list of one user's sessions, newest first.</summary>
internal readonly record struct SessionCursor(DateTimeOffset CreatedAt, string Id) : ICheckedCursor
{
    [JsonIgnore]
    public bool IsValid => CreatedAt.Offset == TimeSpan.Zero && SessionIds.IsId(Id);
}

/// <summary>Reads a user's sessions that are neither ended nor expired from PostgreSQL.</summary>
internal sealed class SessionList(NpgsqlDataSource database, IOptions<UserSessionOptions> options, TimeProvider time)
{
    private static readonly string Query = $"""
        select s.token_hash, s.created_at, s.expires_at, s.last_active_at, s.address, s.user_agent from sessions s
        where s.user_id = $1 and s.revoked_at is null and {SessionSql.EndsAt("$3")} > $2
            and ($4::timestamptz is null or (s.created_at, s.token_hash) < ($4, $5))
        order by s.created_at desc, s.token_hash desc limit $6
        """;

    /// <param name="current">Hash of the token that the request is sent with; null for none.</param>
    /// <returns>Up to one more than the page asks for.</returns>
    public async Task<List<SessionItem>> ReadAsync(Guid userId, PageQuery<SessionCursor> page, string? current, CancellationToken ct)
    {
        await using var command = database.Command(
            Query,
            userId,
            time.GetUtcNow(),
            options.Value.UnusedLimit,
            new NpgsqlParameter
            {
                Value = page.After is { } after ? after.CreatedAt : DBNull.Value,
                NpgsqlDbType = NpgsqlDbType.TimestampTz,
            },
            page.After?.Id ?? "",
            page.Limit + 1
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<SessionItem> sessions = [];
        while (await reader.ReadAsync(ct))
        {
            var id = reader.GetString(0);
            sessions.Add(
                new(
                    id,
                    reader.GetFieldValue<DateTimeOffset>(1),
                    reader.GetFieldValue<DateTimeOffset>(2),
                    reader.GetFieldValue<DateTimeOffset>(3),
                    await reader.IsDBNullAsync(4, ct) ? null : reader.GetString(4),
                    await reader.IsDBNullAsync(5, ct) ? null : reader.GetString(5),
                    id == current
                )
            );
        }
        return sessions;
    }
}
