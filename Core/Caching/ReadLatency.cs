using System.Buffers.Text;
using System.Numerics;
using System.Text;

namespace Overnight.Core.Caching;

/// <summary>
/// How long this process waits for values of the cache, as the 95th percentile since it was last asked for. The api tells it
/// every second by a key, for warms to give way; several nodes take turns with it.
/// </summary>
public sealed class ReadLatency
{
    /// <summary>Microseconds, as text; there only while somebody reads.</summary>
    private const string Key = "overnight:read-latency";

    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(3);

    /// <summary>Four buckets for each power of two, so that a percentile is told within a fifth.</summary>
    private const int PerOctave = 4,
        Buckets = 36 * PerOctave;

    private readonly long[] _counts = new long[Buckets];
    private readonly long[] _taken = new long[Buckets];

    /// <summary>A value came.</summary>
    public void Record(TimeSpan took) => Interlocked.Increment(ref _counts[BucketOf(Math.Max(1, took.Ticks))]);

    /// <summary>Of what was recorded since the last time; null for nothing. For one caller.</summary>
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

    /// <summary>Tells it to warms.</summary>
    /// <exception cref="CacheAwayException">The cache is away.</exception>
    public static Task TellAsync(CacheStore store, TimeSpan latency)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.WriteAsync([new(Key, Encoding.ASCII.GetBytes($"{(long)latency.TotalMicroseconds}"), Ttl)]);
    }

    /// <returns>What the api told last; null while nobody reads.</returns>
    public static async Task<TimeSpan?> ReadAsync(CacheStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        var (_, told) = await store.GetAsync(Key);
        return told is not null && Utf8Parser.TryParse(told, out long microseconds, out var read) && read == told.Length
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }

    /// <summary>By the first two binary digits behind the leading one.</summary>
    private static int BucketOf(long ticks)
    {
        var octave = BitOperations.Log2((ulong)ticks);
        var part = (int)(octave >= 2 ? ticks >> (octave - 2) : ticks << (2 - octave)) % PerOctave;
        return Math.Min(Buckets - 1, octave * PerOctave + part);
    }

    private static long UpperOf(int bucket) => (1L << (bucket / PerOctave)) * (PerOctave + bucket % PerOctave + 1) / PerOctave;
}
