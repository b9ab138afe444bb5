using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Caching;

namespace Overnight.Core.Flags;

/// <summary>
/// Reads flags through the cache and counts the reads. While neither the cache nor PostgreSQL answers, it returns the last known value.
/// </summary>
public sealed class FlagReader : IChangeHandler
{
    private readonly BoundedMemory<string, CacheEntry> _memory;
    private readonly CacheAside<string, CacheEntry> _entries;
    private readonly FlagUsageCounter _usage;
    private readonly string _environment,
        _prefix;

    public FlagReader(
        FlagStore flags,
        FlagUsageCounter usage,
        CacheStore store,
        LastKnownEntries lastKnown,
        CacheTelemetry telemetry,
        IOptions<FlagOptions> options,
        IOptions<CacheOptions> cache,
        TimeProvider time
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(cache);
        (_usage, _environment) = (usage, options.Value.Environment);
        _prefix = CacheKeys.Flag(_environment, "");
        _memory = new(cache.Value.EntryMemoryBytes, time);
        _entries = new(new Kind(flags, store, lastKnown, options.Value, time), _memory, store, telemetry, TimeSpan.Zero, time);
    }

    public IMemory Memory => _memory;

    /// <param name="key">A key that <see cref="FeatureFlag.IsKey"/> accepts.</param>
    /// <param name="ct">Ends this caller's wait.</param>
    /// <returns>JSON as <see cref="FlagStore.Json"/> makes it; no value when there is no such flag.</returns>
    /// <exception cref="NpgsqlException">Neither the cache nor PostgreSQL answers, and this node has no last known value.</exception>
    public async ValueTask<Answer<CacheEntry>> GetAsync(string key, CancellationToken ct)
    {
        var answer = await _entries.GetAsync(key, ct);
        // Only flags that exist are counted, so that keys invented by clients take no memory.
        if (answer.Value is not null)
            _usage.Count(key);
        return answer;
    }

    /// <summary>The flag's key in the cache.</summary>
    public string KeyOf(string flag) => CacheKeys.Flag(_environment, flag);

    public void Forget(IReadOnlyList<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach (var key in keys)
        {
            if (key.StartsWith(_prefix, StringComparison.Ordinal))
                _entries.Forget(Uri.UnescapeDataString(key[_prefix.Length..]));
        }
    }

    public void Trim() => _entries.Trim();

    private sealed class Kind(FlagStore flags, CacheStore store, LastKnownEntries lastKnown, FlagOptions options, TimeProvider time)
        : FramedEntrySource<string>(CacheSet.Flags, store, time)
    {
        public override string KeyOf(string key) => CacheKeys.Flag(options.Environment, key);

        public override TimeSpan MemoryTtl(string key, CacheEntry value) => options.MemoryTtl;

        public override CacheEntry? LastKnown(string key) => lastKnown.Find(key);

        public override void Know(string key, CacheEntry? value)
        {
            if (value is null)
                lastKnown.Forget(key);
            else
                lastKnown.Keep(key, value);
        }

        protected override TimeSpan Ttl(string key) => CacheKeys.FlagTtl;

        protected override Task<byte[]?> QueryAsync(string key) => flags.ReadAsync(key, CancellationToken.None);
    }
}
