using System.Globalization;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Erasures;

namespace Overnight.Jobs.Erasures;

/// <summary>An erasure as a list outside of the database has it. It names nobody.</summary>
/// <param name="UserHash">See <see cref="ErasureRequests.UserHash"/>.</param>
internal sealed record ListedErasure(Guid Id, DateTimeOffset RequestedAt, byte[] UserHash)
{
    private const int HashLength = 32;

    /// <returns>Null for a line that is none.</returns>
    public static ListedErasure? Read(string line) =>
        line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [var id, var requestedAt, var hash]
        && Guid.TryParse(id, out var erasure)
        && UtcMoment.TryRead(requestedAt, out var at)
        && hash.Length == 2 * HashLength
        && hash.All(char.IsAsciiHexDigit)
            ? new(erasure, at, Convert.FromHexString(hash))
            : null;

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Id:D} {RequestedAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} {Convert.ToHexStringLower(UserHash)}"
        );
}

/// <summary>
/// The list of erasures. It is kept outside of the database, and says after the restore of a backup who is to be erased again.
/// </summary>
internal static class ErasureReplayList
{
    private const string All = "select id, requested_at, user_hash from erasures where user_hash is not null order by requested_at, id";

    private const string Unlisted = "select count(*) from erasures where user_hash is null";

    // The id of an erasure that the backup has begun, and not that of another one.
    private const string Users = $"""
        select u.id, l.id, exists (select from erasures e where e.id = l.id)
        from (select id, {ErasureRequests.UserHash} as hash from users) u join unnest($1, $2) with ordinality l (id, hash, place) using (hash)
        order by l.place
        """;

    /// <returns>The erasures, oldest first, and how many more there are whose users can't be recognised.</returns>
    public static async Task<(IReadOnlyList<ListedErasure> Erasures, long Unlisted)> ReadAsync(
        NpgsqlDataSource database,
        CancellationToken ct
    )
    {
        List<ListedErasure> erasures = [];
        await using (var command = database.Command(All))
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
                erasures.Add(new(reader.GetGuid(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<byte[]>(2)));
        }
        await using var unlisted = database.Command(Unlisted);
        return (erasures, (long)(await unlisted.ExecuteScalarAsync(ct))!);
    }

    /// <summary>Finds the users of erasures who are in the database.</summary>
    /// <returns>The id of the erasure, null where the database has one with it, and the user.</returns>
    public static async Task<IReadOnlyList<(Guid? Erasure, Guid User)>> FindUsersAsync(
        NpgsqlDataSource database,
        IReadOnlyCollection<ListedErasure> erasures,
        CancellationToken ct
    )
    {
        List<(Guid?, Guid)> users = [];
        await using var command = database.Command(
            Users,
            erasures.Select(erasure => erasure.Id).ToArray(),
            erasures.Select(erasure => erasure.UserHash).ToArray()
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            users.Add((reader.GetBoolean(2) ? null : reader.GetGuid(1), reader.GetGuid(0)));
        return users;
    }
}
