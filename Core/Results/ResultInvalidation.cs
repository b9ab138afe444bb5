using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Core.Results;

/// <summary>
/// Forgets results on the cache server and in the nodes' memories (SPEC B5), both entries of a user. The keys are made from the
/// users of PostgreSQL, page by page: the server's own are never listed.
/// </summary>
/// <remarks>What is forgotten is a miss, answered from PostgreSQL and repaired, until a warm writes it again.</remarks>
public sealed class ResultInvalidation(NpgsqlDataSource database, CacheStore store)
{
    private const int PageSize = 500;

    private const string Page = "select id from users where id > $1 order by id limit $2";

    /// <returns>How many entries there were; null when the cache is away, and they live until their TTL.</returns>
    public ValueTask<long?> OneAsync(Guid userId) => ForgetAsync([userId]);

    /// <returns>How many entries there were, and whether all are gone; not when the cache went away, whose entries then live until
    /// their TTL.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL could not be read.</exception>
    public async Task<(long Removed, bool IsWhole)> AllAsync(CancellationToken ct)
    {
        var (removed, last) = (0L, Guid.Empty);
        while (await ReadAsync(last, ct) is { Count: > 0 } users)
        {
            if (await ForgetAsync(users) is not { } gone)
                return (removed, false);
            removed += gone;
            last = users[^1];
        }
        return (removed, true);
    }

    /// <param name="users">In order.</param>
    private async ValueTask<long?> ForgetAsync(List<Guid> users)
    {
        var removed = await store.RemoveAsync([
            .. users.SelectMany(user => new[] { CacheKeys.Recommendations(user), CacheKeys.Portfolio(user) }),
        ]);
        // After the removal, so that no node reads an old entry once more.
        store.Publish(CacheChannel.Changed(Guid.Empty, users[0], users[^1]));
        return removed;
    }

    private async Task<List<Guid>> ReadAsync(Guid last, CancellationToken ct)
    {
        await using var command = database.Command(Page, last, PageSize);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<Guid> users = [];
        while (await reader.ReadAsync(ct))
            users.Add(reader.GetGuid(0));
        return users;
    }
}
