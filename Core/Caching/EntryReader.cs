using System.Collections.Concurrent;
using Overnight.Core.Data;

namespace Overnight.Core.Caching;

/// <summary>
/// The way every endpoint reads entries (cache-aside): this node's memory, the cache, PostgreSQL. Misses of one key share one
/// load, whose value is cached. An entry that is damaged, of another shape, key or generation is a miss, counted as such; a
/// cache that is away costs one timeout and then nothing, until it is back.
/// </summary>
public sealed class EntryReader(CacheStore store, MemoryEntries memory, LastKnownEntries known, CacheTelemetry telemetry, TimeProvider time)
{
    /// <summary>How long one who could be told the last known value waits for PostgreSQL.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Keys in one message and one pipeline.</summary>
    private const int KeysAtOnce = 100;

    /// <summary>Invalidations that wait for a cache that is away; beyond, entries live there until their TTL.</summary>
    private const int MostWaiting = 100_000;

    // By generation as well: who asks after an invalidation may not share a load from before. Nothing is shared once it is
    // loaded: what comes after reads the cache.
    private readonly SingleFlight<(string Key, long Generation), EntryAnswer> _loads = new(TimeSpan.Zero, time);
    private readonly ConcurrentDictionary<string, byte> _waiting = new(StringComparer.Ordinal);

    /// <param name="key">As <see cref="StoredEntry.CheckKey"/> has it.</param>
    /// <param name="kind">How it is read.</param>
    /// <param name="generation">In force now, read before this call; 0 where there are none.</param>
    /// <param name="load">Reads the value as JSON from PostgreSQL, null for none. Its token is never cancelled, for the load is everyone's: bound it by its command's timeout.</param>
    /// <param name="ct">Ends this caller's wait.</param>
    /// <exception cref="Npgsql.NpgsqlException">Neither the cache nor PostgreSQL could answer, and no last known value may stand in.</exception>
    public ValueTask<EntryAnswer> GetAsync(
        string key,
        EntryKind kind,
        long generation,
        Func<CancellationToken, Task<byte[]?>> load,
        CancellationToken ct
    )
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(load);
        StoredEntry.CheckKey(key);
        if (kind.MemoryTtl is null || !memory.TryGet(key, generation, out var entry))
            return ReadAsync(new(key, kind, generation, load), ct);
        telemetry.Read(kind.Set, CacheOutcome.MemoryHit);
        return new(new EntryAnswer(entry.Value, EntrySource.Memory, entry.AsOf));
    }

    /// <summary>
    /// Forgets entries in the cache, here, and on every node. Call it after the commit that changed them. A load begun earlier,
    /// on any node, does not bring the old value back. With the cache away it is done when the cache is back.
    /// </summary>
    public async ValueTask InvalidateAsync(IReadOnlyCollection<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach (var key in keys)
            StoredEntry.CheckKey(key);
        foreach (var some in keys.Chunk(KeysAtOnce))
            await InvalidateAsync(some).ConfigureAwait(false);
    }

    /// <summary>Invalidates in the cache what could not be while it was away.</summary>
    public async ValueTask RetryInvalidationsAsync()
    {
        if (_waiting.IsEmpty)
            return;
        foreach (var some in _waiting.Keys.Chunk(KeysAtOnce))
        {
            foreach (var key in some)
                _waiting.TryRemove(key, out _);
            if (!await InvalidateAsync(some).ConfigureAwait(false))
                return;
        }
    }

    /// <summary>Forgets entries here, for they were invalidated in the cache; loads under way are no longer shared.</summary>
    public void Forget(IReadOnlyCollection<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach (var key in keys)
        {
            _loads.ForgetWhere(load => load.Key == key);
            memory.Invalidate(key);
        }
    }

    /// <returns>Whether the cache took it.</returns>
    private async ValueTask<bool> InvalidateAsync(string[] keys)
    {
        var done = await store
            .SetAsync(Array.ConvertAll(keys, key => new CacheWrite(key, StoredEntry.Invalidation(), StoredEntry.InvalidationTtl)))
            .ConfigureAwait(false);
        if (!done && _waiting.Count < MostWaiting)
            foreach (var key in keys)
                _waiting.TryAdd(key, 0);
        // After the cache, or a reader could take the old entry from there once more; the same for other nodes, which hear of it behind it.
        Forget(keys);
        store.Publish(CacheChannel.Keys(keys));
        return done;
    }

    private async ValueTask<EntryAnswer> ReadAsync(Request request, CancellationToken ct)
    {
        var epoch = memory.Epoch;
        var look = await LookAsync(request).ConfigureAwait(false);
        telemetry.Read(request.Kind.Set, look.Outcome);
        if (look.Entry is { } entry)
            return Found(request, entry, epoch);

        var load = _loads.RunAsync(
            (request.Key, request.Generation),
            (Reader: this, Request: request),
            static (_, state) => state.Reader.LoadAsync(state.Request),
            ct
        );
        if (!request.Kind.StaleIfError || known.Find(request.Key) is not { } last)
            return await load.ConfigureAwait(false);
        try
        {
            return await load.WaitAsync(Patience, time, ct).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException || DatabaseOutage.Is(exception))
        {
            // What it was last is better than nothing, as long as its age is told (SPEC F5).
            telemetry.Stale(request.Kind.Set);
            return new(last.Value, EntrySource.Stale, last.AsOf);
        }
    }

    private async Task<EntryAnswer> LoadAsync(Request request)
    {
        using var span = CacheTelemetry.Source.StartActivity("entries.load");
        // One who missed may come here after another's load has ended; a look costs less than a query, and says what a write may replace.
        var epoch = memory.Epoch;
        var look = await LookAsync(request).ConfigureAwait(false);
        if (look.Entry is { } entry)
            return Found(request, entry, epoch);

        var asOf = time.GetUtcNow();
        if (await request.Load(CancellationToken.None).ConfigureAwait(false) is not { } value)
        {
            known.Forget(request.Key);
            return new(null, EntrySource.Database, asOf);
        }
        var bytes = StoredEntry.Write(request.Key, asOf, request.Generation, value);
        var loaded = StoredEntry.Read(bytes, request.Key)
            ?? throw new InvalidOperationException($"What was loaded for an entry of {request.Kind.Set} is empty.");
        if (look.IsReplaceable && await store.AddAsync(new(request.Key, bytes, request.Kind.Ttl), look.Seen).ConfigureAwait(false))
            Keep(request, loaded, epoch);
        if (request.Kind.StaleIfError)
            known.Keep(request.Key, loaded);
        return new(loaded.Value, EntrySource.Database, asOf);
    }

    private async ValueTask<Look> LookAsync(Request request)
    {
        var (outcome, bytes) = await store.GetAsync(request.Key).ConfigureAwait(false);
        if (bytes is null)
            return new(null, outcome, null);
        if (StoredEntry.IsInvalidation(bytes))
            return new(null, CacheOutcome.Miss, bytes);
        if (StoredEntry.Read(bytes, request.Key) is not { } entry)
            return new(null, CacheOutcome.Damaged, bytes);
        if (entry.Generation == request.Generation)
            return new(entry, outcome, bytes);
        // A newer one stays: this node has not heard of its generation yet.
        return new(null, CacheOutcome.Outdated, bytes, IsReplaceable: entry.Generation < request.Generation);
    }

    private EntryAnswer Found(Request request, StoredEntry entry, long epoch)
    {
        Keep(request, entry, epoch);
        if (request.Kind.StaleIfError)
            known.Keep(request.Key, entry);
        return new(entry.Value, EntrySource.Cache, entry.AsOf);
    }

    private void Keep(Request request, StoredEntry entry, long epoch)
    {
        if (request.Kind.MemoryTtl is { } ttl)
            memory.Put(request.Key, entry, ttl, epoch);
    }

    private readonly record struct Request(string Key, EntryKind Kind, long Generation, Func<CancellationToken, Task<byte[]?>> Load);

    /// <summary>What the cache had under a key.</summary>
    private readonly record struct Look(StoredEntry? Entry, CacheOutcome Outcome, byte[]? Seen, bool IsReplaceable = true);
}
