using System.Buffers.Text;
using System.Numerics;
using System.Text;

namespace Overnight.Core.Caching;

/// <summary>
/// How long this process waits for values of the cache, as the 95th percentile since it was last asked for. The api writes it under a
/// key every second, so that warming can slow down while reads are slow; with several nodes the last write counts.
/// </summary>
public sealed class ReadLatency
{
    /// <summary>Key of the percentile in microseconds, as text; it expires when nobody reads.</summary>
    private const string Key = "overnight:read-latency";

    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(3);

    /// <summary>Four buckets for each power of two, so that the percentile is exact to a fifth of its value.</summary>
    private const int PerOctave = 4,
        Buckets = 36 * PerOctave;

    private readonly long[] _counts = new long[Buckets];
    private readonly long[] _taken = new long[Buckets];

    /// <summary>Counts one read that took <paramref name="took"/>.</summary>
    public void Record(TimeSpan took) => Interlocked.Increment(ref _counts[BucketOf(Math.Max(1, took.Ticks))]);

    /// <summary>The 95th percentile since the last call; null when nothing was recorded. For one caller: a call resets it.</summary>
    public TimeSpan? Take()
    {
        Span<long> since = stackalloc long[Buckets];
        var all = 0L;
        for (var i = 0; i < Buckets; i++)
        {
            var count = Interlocked.Read(ref _counts[i]);
            all += since[i] = count - _taken[i];
            _taken[i] = count;
        }
        var rank = (long)Math.Ceiling(all * 0.95);
        for (var i = 0; all > 0 && i < Buckets; i++)
        {
            if ((rank -= since[i]) <= 0)
                return TimeSpan.FromTicks(UpperOf(i));
        }
        return null;
    }

    /// <summary>Writes the percentile where warming reads it.</summary>
    /// <exception cref="CacheAwayException">The cache can't be reached.</exception>
    public static Task TellAsync(CacheStore store, TimeSpan latency)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.WriteAsync([new(Key, Encoding.ASCII.GetBytes($"{(long)latency.TotalMicroseconds}"), Ttl)]);
    }

    /// <returns>The percentile that an api wrote last; null when it expired because nobody reads.</returns>
    public static async Task<TimeSpan?> ReadAsync(CacheStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        var (_, told) = await store.GetAsync(Key);
        return told is not null && Utf8Parser.TryParse(told, out long microseconds, out var read) && read == told.Length
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }

    /// <summary>The bucket, from the leading binary digit and the two after it.</summary>
    private static int BucketOf(long ticks)
    {
        var octave = BitOperations.Log2((ulong)ticks);
        var part = (int)(octave >= 2 ? ticks >> (octave - 2) : ticks << (2 - octave)) % PerOctave;
        return Math.Min(Buckets - 1, octave * PerOctave + part);
    }

    private static long UpperOf(int bucket) => (1L << (bucket / PerOctave)) * (PerOctave + bucket % PerOctave + 1) / PerOctave;
}
