using System.Collections.Concurrent;
using Npgsql;

namespace Overnight.Core.Flags;

/// <summary>The number of reads of a flag since the last flush, and the time of the last read.</summary>
public readonly record struct FlagUse(string Key, long Count, DateTimeOffset LastAt);

/// <summary>Counts reads of flags in memory, so that a read needs no statement; one statement adds the counts to the table.</summary>
public sealed class FlagUsageCounter(FlagStore store, TimeProvider time)
{
    // One tally per flag; a tally is kept after its count was flushed.
    private readonly ConcurrentDictionary<string, Tally> _tallies = new(StringComparer.Ordinal);

    public void Count(string key) => _tallies.GetOrAdd(key, static _ => new()).Add(1, time.GetUtcNow().UtcTicks);

    /// <returns>Number of flags whose counts were written.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL could not be reached; the counts are kept for the next flush.</exception>
    public async Task<int> FlushAsync(CancellationToken ct)
    {
        List<FlagUse> uses = [];
        foreach (var (key, tally) in _tallies)
        {
            if (tally.Take() is (> 0 and var count, var ticks))
                uses.Add(new(key, count, new(ticks, TimeSpan.Zero)));
        }
        if (uses.Count == 0)
            return 0;
        try
        {
            await store.AddUsesAsync(uses, ct);
        }
        catch
        {
            foreach (var use in uses)
                _tallies[use.Key].Add(use.Count, use.LastAt.UtcTicks);
            throw;
        }
        return uses.Count;
    }

    private sealed class Tally
    {
        private long _count;
        private long _ticks;

        public void Add(long count, long ticks)
        {
            // Of two concurrent reads the later time may be lost; they differ by a moment only.
            if (ticks > Volatile.Read(ref _ticks))
                Volatile.Write(ref _ticks, ticks);
            Interlocked.Add(ref _count, count);
        }

        public (long Count, long Ticks) Take() => (Interlocked.Exchange(ref _count, 0), Volatile.Read(ref _ticks));
    }
}
