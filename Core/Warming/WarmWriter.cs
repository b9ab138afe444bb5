using Microsoft.Extensions.Options;
using Overnight.Core.Caching;

namespace Overnight.Core.Warming;

/// <summary>Writes entries of all warms of this process, one part at a time, at the rate of <see cref="WarmThrottle"/>.</summary>
public sealed class WarmWriter(CacheStore store, WarmThrottle throttle, IOptions<WarmingOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>Commands of a part; the overhead of a smaller one exceeds its work.</summary>
    private const int LeastAtOnce = 32;

    /// <summary>Time whose budget one part uses up, which a read may have to wait for.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(20),
        ReadersInterval = TimeSpan.FromSeconds(1);

    /// <summary>Largest number of entries in a part; larger batches of rows are not faster.</summary>
    public int MostAtOnce => options.Value.MostInFlight;

    private readonly SemaphoreSlim _turn = new(1);
    private long _probed,
        _asked;

    /// <param name="entries">The entries; existing ones are replaced.</param>
    /// <param name="onlyAbsent">Keeps entries that exist; they do not count as failed.</param>
    /// <param name="ct">Ends the wait between parts.</param>
    /// <returns>The entries that the server refused.</returns>
    /// <exception cref="CacheAwayException">The cache can't be reached; some of the entries may have been written.</exception>
    public async Task<RejectedWrites> WriteAsync(IReadOnlyList<CacheWrite> entries, bool onlyAbsent, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(entries);
        RejectedWrites refused = new();
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
                // Not cancelled: no write may go on after the set's lock is released.
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

    /// <summary>Measures while this process holds the turn, so that none of its writes is under way.</summary>
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
