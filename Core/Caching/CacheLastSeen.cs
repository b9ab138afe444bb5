using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Core.Caching;

/// <summary>
/// Whether the installation has a cache, remembered in PostgreSQL: a process without a connection to the cache can't see that others
/// have one.
/// </summary>
public sealed class CacheLastSeen(NpgsqlDataSource database, CacheCircuit circuit)
{
    /// <summary>
    /// Time after the last note from which the cache has nothing of a user any more: the longest TTL of such an entry is a day, and a note
    /// may be an hour old when an entry is written.
    /// </summary>
    public static readonly TimeSpan Lapse = 2 * CacheKeys.ResultTtl;

    // Written once an hour, whatever the number of processes. PostgreSQL's clock, which is the same for all of them.
    private const string Note = """
        insert into cache_presence (seen_at) values (now())
        on conflict (id) do update set seen_at = now() where cache_presence.seen_at < now() - interval '1 hour'
        """;

    private const string Find = "select exists (select from cache_presence where seen_at > now() - $1)";

    /// <summary>Remembers that there is a cache, where this process has a connection to one. Call it every minute or more often.</summary>
    public async Task NoteAsync(CancellationToken ct)
    {
        if (circuit.IsAbsent)
            return;
        await using var command = database.Command(Note);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <returns>Whether a cache that this process has no connection to may have entries of users.</returns>
    public async Task<bool> MayHaveEntriesAsync(CancellationToken ct)
    {
        await using var command = database.Command(Find, Lapse);
        return await command.ExecuteScalarAsync(ct) is true;
    }
}
