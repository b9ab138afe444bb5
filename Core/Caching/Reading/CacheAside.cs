using System.Runtime.CompilerServices;
using Overnight.Core.Data;

namespace Overnight.Core.Caching;

/// <summary>
/// Cache-aside reading, used for everything that is cached: this node's memory, then the cache, then PostgreSQL. Concurrent misses of
/// a key share one load. An entry that is damaged, has another shape or belongs to another key counts as a miss. A cache that can't be
/// reached costs one timeout; after that it is not asked until it is back.
/// </summary>
/// <param name="memory">Where this node keeps values.</param>
/// <param name="shared">How long a loaded value answers later misses of its key; zero where they must read the cache.</param>
public sealed class CacheAside<TKey, TValue>(
    CacheAsideSource<TKey, TValue> kind,
    BoundedMemory<TKey, TValue> memory,
    CacheStore store,
    CacheTelemetry telemetry,
    TimeSpan shared,
    TimeProvider time
)
    where TKey : notnull
    where TValue : class
{
    /// <summary>How long a read waits for PostgreSQL when a last known value could answer it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SingleFlight<TKey, Answer<TValue>> _loads = new(shared, time);

    /// <summary>Returns the value from memory, else from the cache, else from PostgreSQL.</summary>
    /// <param name="key">What is asked for.</param>
    /// <param name="ct">Ends this caller's wait, but not the load, which others may share.</param>
    /// <exception cref="Npgsql.NpgsqlException">Neither the cache nor PostgreSQL answers, and there is no last known value to
    /// return.</exception>
    public ValueTask<Answer<TValue>> GetAsync(TKey key, CancellationToken ct) =>
        TryGetMemory(key, out var value) ? new(new Answer<TValue>(value, EntrySource.Memory)) : GetBehindMemoryAsync(key, ct);

    /// <summary>Reads memory and the cache only. The read begins at once, so that two of them are sent together.</summary>
    /// <returns>Null on a miss, after which <see cref="LoadAsync"/> is to be called.</returns>
    public ValueTask<TValue?> ReadAsync(TKey key) => TryGetMemory(key, out var value) ? new(value) : ReadCacheAsync(key);

    /// <summary>Reads this node's memory only.</summary>
    public bool TryGetMemory(TKey key, out TValue? value)
    {
        if (!memory.TryGet(key, out value))
            return false;
        telemetry.Read(kind.Set, CacheOutcome.MemoryHit);
        return true;
    }

    /// <summary>Loads a key after a miss from PostgreSQL, in one load for all concurrent misses of the key.</summary>
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
            // The last known value is better than no answer, and callers tell its age.
            telemetry.Stale(kind.Set);
            return new(last, EntrySource.Stale);
        }
    }

    /// <summary>Drops the entries whose keys match from memory; later misses start loads of their own.</summary>
    public void Forget(Func<TKey, bool> matches)
    {
        _loads.ForgetWhere(matches);
        memory.ForgetWhere(matches);
    }

    /// <summary>Drops the entry of a key from memory; later misses start a load of their own.</summary>
    public void Forget(TKey key)
    {
        _loads.Forget(key);
        memory.Forget(key);
    }

    /// <summary>Drops what expired. Reads do it as well; a node without reads has to call it regularly.</summary>
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
        // Another load may have ended between the miss and now; reading the cache again costs less than a query, and shows what a
        // write would replace.
        var epoch = memory.Epoch;
        var (look, seen) = await LookAsync(key);
        if (look.Value is { } cached)
        {
            telemetry.Read(kind.Set, look.Outcome);
            Keep(key, cached, epoch);
            return new(cached, EntrySource.Cache);
        }
        var value = await DatabaseRetry.ReadAsync(() => kind.LoadAsync(key));
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
