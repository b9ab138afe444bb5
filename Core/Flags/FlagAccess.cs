using System.Collections.Concurrent;
using Npgsql;

namespace Overnight.Core.Flags;

/// <summary>How often a flag was read since the last flush, and when last.</summary>
public readonly record struct FlagUse(string Key, long Count, DateTimeOffset LastAt);

/// <summary>Counts reads of flags in memory, where they cost nothing, and adds them to the table in one statement (SPEC F2).</summary>
public sealed class FlagAccess(FlagStore store, TimeProvider time)
{
    // As many as there are flags; a tally stays, with nothing in it.
    private readonly ConcurrentDictionary<string, Tally> _tallies = new(StringComparer.Ordinal);

    public void Count(string key) => _tallies.GetOrAdd(key, static _ => new()).Add(1, time.GetUtcNow().UtcTicks);

    /// <returns>How many flags were written.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL could not be told; the counts are kept for the next time.</exception>
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
            // The later of two that race may lose by a moment, which is as good.
            if (ticks > Volatile.Read(ref _ticks))
                Volatile.Write(ref _ticks, ticks);
            Interlocked.Add(ref _count, count);
        }

        public (long Count, long Ticks) Take() => (Interlocked.Exchange(ref _count, 0), Volatile.Read(ref _ticks));
    }
}
