using Npgsql;

namespace Overnight.Core.Caching;

/// <summary>
/// Forgets the results of every user, on the cache server and in the nodes' memories (SPEC B5). The keys are made from the
/// users of PostgreSQL, page by page: the server's own are never listed.
/// </summary>
/// <remarks>What is forgotten is a miss, answered from PostgreSQL and repaired, until a warm writes it again.</remarks>
public sealed class ResultInvalidation(NpgsqlDataSource database, CacheStore store, ResultCache cache)
{
    /// <summary>Users in one pipeline; the cache's timeout is for all of it.</summary>
    private const int PageSize = 500;

    private const string Page = "select id from users where id > $1 order by id limit $2";

    /// <returns>How many entries there were, and whether all are gone; not when the cache went away, whose entries then live until their TTL.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL could not be read.</exception>
    public async Task<(long Removed, bool IsWhole)> AllAsync(CancellationToken ct)
    {
        var (removed, last) = (0L, Guid.Empty);
        while (await ReadAsync(last, ct).ConfigureAwait(false) is { Count: > 0 } users)
        {
            string[] keys = [.. users.SelectMany(user => new[] { CacheKeys.Recommendations(user), CacheKeys.Portfolio(user) })];
            var (answered, gone) = await store
                .AskAsync(database => Task.WhenAll(Array.ConvertAll(keys, key => database.KeyDeleteAsync(key))))
                .ConfigureAwait(false);
            if (!answered)
                return (removed, false);
            removed += gone!.Count(was => was);
            last = users[^1];
            // After the removal, so that no node reads an old entry once more.
            cache.Announce(Guid.Empty, users[0], last);
        }
        return (removed, true);
    }

    private async Task<List<Guid>> ReadAsync(Guid last, CancellationToken ct)
    {
        await using var command = database.CreateCommand(Page);
        command.Parameters.Add(new() { Value = last });
        command.Parameters.Add(new() { Value = PageSize });
        await using var reader = await command.ExecuteReaderAsync(ct).ConfigureAwait(false);
        List<Guid> users = [];
        while (await reader.ReadAsync(ct).ConfigureAwait(false))
            users.Add(reader.GetGuid(0));
        return users;
    }
}
