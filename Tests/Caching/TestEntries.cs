using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Caching;

/// <summary>What is asked for in these tests: a key, the generation in force, and what PostgreSQL would say.</summary>
internal sealed record Asked(string Key, long Generation, Func<Task<byte[]?>> Load)
{
    public bool Equals(Asked? other) => other is not null && other.Key == Key && other.Generation == Generation;

    public override int GetHashCode() => HashCode.Combine(Key, Generation);
}

/// <summary>Entries of a kind of the tests' own on one node, which hears the channel when it is let.</summary>
internal sealed class TestEntries : IChangeHandler, IDisposable
{
    private readonly BoundedMemory<Asked, CacheEntry> _memory;
    private readonly CacheAside<Asked, CacheEntry> _entries;
    private readonly ChangeListener _listener;
    private readonly CacheInvalidation _invalidation;

    /// <param name="app">The node.</param>
    /// <param name="inMemory">Whether entries stay in memory.</param>
    /// <param name="isStaleIfError">Whether the last known value may stand in.</param>
    public TestEntries(ApiApp app, bool inMemory = false, bool isStaleIfError = false)
    {
        var (store, time) = (app.Get<CacheStore>(), TimeProvider.System);
        _memory = new(1_000_000, time);
        Kind kind = new(store, inMemory, isStaleIfError ? app.Get<LastKnownEntries>() : null, time);
        _entries = new(kind, _memory, store, app.Get<CacheTelemetry>(), TimeSpan.Zero, time);
        _listener = new(store, [this], NullLogger<ChangeListener>.Instance);
        _invalidation = new(store, [this]);
    }

    public IMemory Memory => _memory;

    public async Task<Answer<CacheEntry>> GetAsync(string key, string? value, long generation = 0) =>
        await GetAsync(key, () => Task.FromResult(value is null ? null : Encoding.UTF8.GetBytes(value)), generation);

    public async Task<Answer<CacheEntry>> GetAsync(string key, Func<Task<byte[]?>> load, long generation = 0) =>
        await _entries.GetAsync(new(key, generation, load), TestContext.Current.CancellationToken);

    public Task<bool> InvalidateAsync(string key) => _invalidation.ForgetAsync([key]).AsTask();

    /// <summary>A beat of the channel.</summary>
    public Task BeatAsync() => _listener.RunOnceAsync();

    public void Forget(IReadOnlyList<string> keys) => _entries.Forget(asked => keys.Contains(asked.Key));

    public void Dispose() => _listener.Dispose();

    public static string? Text(Answer<CacheEntry> answer) => answer.Value is { } entry ? Encoding.UTF8.GetString(entry.Value.Span) : null;

    private sealed class Kind(CacheStore store, bool inMemory, LastKnownEntries? known, TimeProvider time)
        : FramedEntrySource<Asked>(CacheSet.Reference, store, time)
    {
        public override string KeyOf(Asked key) => key.Key;

        public override TimeSpan MemoryTtl(Asked key, CacheEntry value) => inMemory ? TimeSpan.FromMinutes(5) : TimeSpan.Zero;

        public override CacheEntry? LastKnown(Asked key) => known?.Find(key.Key);

        public override void Know(Asked key, CacheEntry? value)
        {
            if (value is null)
                known?.Forget(key.Key);
            else
                known?.Keep(key.Key, value);
        }

        protected override TimeSpan Ttl(Asked key) => TimeSpan.FromMinutes(5);

        protected override long GenerationOf(Asked key) => key.Generation;

        protected override Task<byte[]?> QueryAsync(Asked key) => key.Load();
    }
}
