using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Core.Results;

/// <summary>
/// Removes results, both entries of a user, from the cache server and from the nodes' memories. The keys are built from PostgreSQL's
/// users, page by page; the server's keys are never listed.
/// </summary>
/// <remarks>A removed entry is a miss, answered from PostgreSQL and repaired, until a warm writes it again.</remarks>
public sealed class ResultInvalidation(NpgsqlDataSource database, CacheStore store)
{
    private const int PageSize = 500;

    private const string Page = "select id from users where id > $1 order by id limit $2";

    /// <returns>Number of entries removed; null when the cache can't be reached, and the entries live until their TTL.</returns>
    public ValueTask<long?> OneAsync(Guid userId) => ForgetAsync([userId]);

    /// <returns>Number of entries removed, and whether all were; not when the cache can no longer be reached, in which case the other
    /// entries live until their TTL.</returns>
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

    /// <param name="users">Users in ascending order of their ids.</param>
    private async ValueTask<long?> ForgetAsync(List<Guid> users)
    {
        var removed = await store.RemoveAsync([
            .. users.SelectMany(user => new[] { CacheKeys.Recommendations(user), CacheKeys.Portfolio(user) }),
        ]);
        // Published after the removal, so that no node reads an old entry once more.
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
