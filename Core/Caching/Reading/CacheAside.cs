using System.Runtime.CompilerServices;
using Overnight.Core.Data;

namespace Overnight.Core.Caching;

/// <summary>
/// The way everything is read that is cached (cache-aside): this node's memory, the cache, PostgreSQL. Misses of one key share
/// one load. What is damaged, of another shape, or somebody else's is a miss, counted as such; a cache that is away costs one
/// timeout and then nothing, until it is back.
/// </summary>
/// <param name="memory">Which of the values are kept here.</param>
/// <param name="shared">How long a loaded value answers others who missed it too; zero where what comes after must read the cache.</param>
public sealed class CacheAside<TKey, TValue>(
    CachedKind<TKey, TValue> kind,
    BoundedMemory<TKey, TValue> memory,
    CacheStore store,
    CacheTelemetry telemetry,
    TimeSpan shared,
    TimeProvider time
)
    where TKey : notnull
    where TValue : class
{
    /// <summary>How long one who could be told the last known value waits for PostgreSQL.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SingleFlight<TKey, Answer<TValue>> _loads = new(shared, time);

    /// <summary>Memory, the cache, else PostgreSQL.</summary>
    /// <param name="ct">Ends this caller's wait.</param>
    /// <exception cref="Npgsql.NpgsqlException">Neither the cache nor PostgreSQL could answer, and no last known value may stand
    /// in.</exception>
    public ValueTask<Answer<TValue>> GetAsync(TKey key, CancellationToken ct) =>
        TryGetMemory(key, out var value) ? new(new Answer<TValue>(value, EntrySource.Memory)) : GetBehindMemoryAsync(key, ct);

    /// <summary>Asks memory and the cache, and nothing else; begun at once, so that two such questions go out together.</summary>
    /// <returns>Null on a miss, which <see cref="LoadAsync"/> should follow.</returns>
    public ValueTask<TValue?> ReadAsync(TKey key) => TryGetMemory(key, out var value) ? new(value) : ReadCacheAsync(key);

    /// <summary>What this node's memory has.</summary>
    public bool TryGetMemory(TKey key, out TValue? value)
    {
        if (!memory.TryGet(key, out value))
            return false;
        telemetry.Read(kind.Set, CacheOutcome.MemoryHit);
        return true;
    }

    /// <summary>After a miss: what PostgreSQL has, shared with whoever misses it too.</summary>
    /// <inheritdoc cref="GetAsync"/>
    public async ValueTask<Answer<TValue>> LoadAsync(TKey key, CancellationToken ct)
    {
        var load = _loads.RunAsync(key, this, static (key, reader) => reader.LoadOnceAsync(key), ct);
        if (kind.LastKnown(key) is not { } last)
            return await load;
        try
        {
            return await load.WaitAsync(Patience, time, ct);
        }
        catch (Exception exception) when (exception is TimeoutException || DatabaseOutage.Is(exception))
        {
            // What it was last is better than nothing, as long as its age is told (SPEC F5).
            telemetry.Stale(kind.Set);
            return new(last, EntrySource.Stale);
        }
    }

    /// <summary>Forgets what matches here; loads under way are no longer shared.</summary>
    public void Forget(Func<TKey, bool> matches)
    {
        _loads.ForgetWhere(matches);
        memory.ForgetWhere(matches);
    }

    /// <inheritdoc cref="Forget(Func{TKey, bool})"/>
    public void Forget(TKey key)
    {
        _loads.Forget(key);
        memory.Forget(key);
    }

    /// <summary>Drops what is over; without reads, somebody has to.</summary>
    public void Trim()
    {
        _loads.Prune();
        memory.Trim();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Answer<TValue>> GetBehindMemoryAsync(TKey key, CancellationToken ct) =>
        await ReadCacheAsync(key) is { } value ? new(value, EntrySource.Cache) : await LoadAsync(key, ct);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TValue?> ReadCacheAsync(TKey key)
    {
        var epoch = memory.Epoch;
        var (look, _) = await LookAsync(key);
        telemetry.Read(kind.Set, look.Outcome);
        if (look.Value is { } value)
            Keep(key, value, epoch);
        return look.Value;
    }

    private async Task<Answer<TValue>> LoadOnceAsync(TKey key)
    {
        using var span = CacheTelemetry.Source.StartActivity("cache.load");
        // One who missed may come here after another's load has ended; a look costs less than a query, and says what a write may replace.
        var epoch = memory.Epoch;
        var (look, seen) = await LookAsync(key);
        if (look.Value is { } cached)
        {
            telemetry.Read(kind.Set, look.Outcome);
            Keep(key, cached, epoch);
            return new(cached, EntrySource.Cache);
        }
        var value = await kind.LoadAsync(key);
        if (value is not null && look.IsReplaceable && await kind.StoreAsync(key, value, seen))
            Keep(key, value, epoch);
        kind.Know(key, value);
        return new(value, EntrySource.Database);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<(Look<TValue> Look, byte[]? Seen)> LookAsync(TKey key)
    {
        var (outcome, bytes) = await store.GetAsync(kind.KeyOf(key));
        return bytes is null ? (new(null, outcome), null) : (kind.Read(key, bytes), bytes);
    }

    private void Keep(TKey key, TValue value, long epoch)
    {
        if (kind.MemoryTtl(key, value) is var ttl && ttl > TimeSpan.Zero)
            memory.Put(key, value, kind.SizeOf(value), ttl, epoch);
        kind.Know(key, value);
    }
}
