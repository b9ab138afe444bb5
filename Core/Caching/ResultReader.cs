using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Overnight.Core.Caching;

/// <summary>A user's stored entry, or none.</summary>
/// <param name="Entry">The bytes, which must not be changed; null when there is no result, or none that can be read.</param>
/// <param name="FromCache">Whether the cache gave it, else PostgreSQL.</param>
/// <param name="Unreadable">There is a result in PostgreSQL, but not of this build's shape, or damaged.</param>
public readonly record struct ResultAnswer(byte[]? Entry, bool FromCache, bool Unreadable = false);

/// <summary>
/// The way the morning reads (SPEC C2): from the cache, else from PostgreSQL, where misses of one user share one query
/// and the entry is then repaired in the background.
/// </summary>
public sealed partial class ResultReader(
    ResultCache cache,
    NpgsqlDataSource database,
    RepairQueue repairs,
    IOptions<CacheOptions> options,
    TimeProvider time,
    ILogger<ResultReader> logger
)
{
    private readonly SingleFlight<Guid, ResultAnswer> _loads = new(options.Value.LoadShared, time);

    /// <summary>Asks the cache, and nothing else.</summary>
    /// <returns>Null on a miss, which <see cref="LoadAsync(Guid, CancellationToken)"/> should follow.</returns>
    public ValueTask<byte[]?> ReadCachedAsync(Guid userId) => cache.GetAsync(userId);

    /// <param name="userId">Whose.</param>
    /// <param name="ct">Ends this caller's wait.</param>
    /// <exception cref="NpgsqlException">Neither the cache nor PostgreSQL could answer.</exception>
    public async ValueTask<ResultAnswer> GetAsync(Guid userId, CancellationToken ct) =>
        await ReadCachedAsync(userId).ConfigureAwait(false) is { } entry
            ? new(entry, FromCache: true)
            : await LoadAsync(userId, ct).ConfigureAwait(false);

    /// <summary>After a miss: what PostgreSQL has, shared with whoever misses it too.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="ct">Ends this caller's wait.</param>
    /// <exception cref="NpgsqlException">PostgreSQL could not answer.</exception>
    public Task<ResultAnswer> LoadAsync(Guid userId, CancellationToken ct) =>
        _loads.RunAsync(userId, this, static (user, reader) => reader.LoadAsync(user), ct);

    /// <summary>Results of these users changed; loads that others may still share are no longer good.</summary>
    public void Forget(Guid firstUser, Guid lastUser)
    {
        if (firstUser == lastUser)
            _loads.Forget(firstUser);
        else
            _loads.ForgetWhere(user => MemoryResults.Contains(firstUser, lastUser, user));
    }

    public void Trim() => _loads.Prune();

    // Without a caller's cancellation: the load is everyone's. The command's own timeout bounds it.
    private async Task<ResultAnswer> LoadAsync(Guid userId)
    {
        using var span = CacheTelemetry.Source.StartActivity("results.load");
        // One who missed may come here after another's load has ended and its repair is done; a look costs less than a query.
        var cached = await cache.GetAsync(userId, again: true).ConfigureAwait(false);
        if (cached is not null)
            return new(cached, FromCache: true);

        var entry = await CurrentResults.ReadAsync(database, userId, CancellationToken.None).ConfigureAwait(false);
        if (entry is null)
            return default;
        if (!CacheEntry.IsIntact(entry, userId))
        {
            Log.Unreadable(logger, CacheEntry.Schema);
            return new(null, FromCache: false, Unreadable: true);
        }
        repairs.Enqueue(userId);
        return new(entry, FromCache: false);
    }

    private static partial class Log
    {
        [LoggerMessage(
            211,
            LogLevel.Error,
            "A stored result is damaged or not of schema {Schema}; its user is told to wait for the next night."
        )]
        public static partial void Unreadable(ILogger logger, int schema);
    }
}
