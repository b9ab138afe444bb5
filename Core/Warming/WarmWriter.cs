using Microsoft.Extensions.Options;
using Overnight.Core.Caching;

namespace Overnight.Core.Warming;

/// <summary>Writes entries of all warms of this process, in turns and as fast as <see cref="WarmThrottle"/> lets them.</summary>
public sealed class WarmWriter(CacheStore store, WarmThrottle throttle, IOptions<WarmingOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>Commands: fewer cost more to send than to do.</summary>
    private const int LeastAtOnce = 32;

    /// <summary>Of the budget, in one go: what a reader may have to wait behind.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(20),
        ReadersInterval = TimeSpan.FromSeconds(1);

    /// <summary>Entries in one go, at most: a larger batch of rows is no faster.</summary>
    public int MostAtOnce => options.Value.MostInFlight;

    private readonly SemaphoreSlim _turn = new(1);
    private long _probed,
        _asked;

    /// <param name="onlyAbsent">Leaves what is there; an entry that is not written for that reason has not failed.</param>
    /// <returns>Those that the server refused.</returns>
    /// <exception cref="CacheAwayException">The cache is away; some of them may have been written.</exception>
    public async Task<CacheRefusals> WriteAsync(IReadOnlyList<CacheWrite> entries, bool onlyAbsent, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(entries);
        CacheRefusals refused = new();
        for (var written = 0; written < entries.Count; )
        {
            await _turn.WaitAsync(ct);
            try
            {
                await ObserveAsync();
                var budget = (int)Math.Max(LeastAtOnce, throttle.Budget * Turn.TotalSeconds);
                var some = entries.Skip(written).Take(Math.Min(budget, MostAtOnce)).ToArray();
                if (throttle.Reserve(some.Length) is var wait && wait > TimeSpan.Zero)
                    await Task.Delay(wait, time, ct);
                // To its end, whoever asks to stop: a write may not be under way any more when the set's lock is let go.
                refused.Add(await store.WriteAsync(some, onlyAbsent), written);
                written += some.Length;
            }
            finally
            {
                _turn.Release();
            }
        }
        return refused;
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>In its turn, so that nothing of ours is on the way.</summary>
    private async Task ObserveAsync()
    {
        var now = time.GetTimestamp();
        if (_probed == 0 || time.GetElapsedTime(_probed, now) >= ProbeInterval)
        {
            throttle.Observe(LatencySource.Probe, await store.PingAsync());
            _probed = now;
        }
        if (_asked != 0 && time.GetElapsedTime(_asked, now) < ReadersInterval)
            return;
        _asked = now;
        if (await ReadLatency.ReadAsync(store) is { } latency)
            throttle.Observe(LatencySource.Readers, latency);
    }
}
