using System.Diagnostics;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Benchmarks.Warm;

/// <summary>
/// The rival: what one writes first. One command a key through the client library, a batch of them at once, the next batch
/// when every one of it was answered.
/// </summary>
internal sealed class AwaitedBatches(CacheServer cache, CacheAdmin admin) : IDisposable
{
    /// <summary>Commands in a batch; both are tried.</summary>
    public static readonly int[] Sizes = [50, 100];

    /// <summary>Its rate does not change with more.</summary>
    private const int MostEntries = 50_000;

    private readonly ConnectionMultiplexer connection = ConnectionMultiplexer.Connect(CacheAdmin.Options(cache));

    /// <summary>Writes into an empty cache.</summary>
    public async Task<TimeSpan> WriteAsync(IReadOnlyCollection<CacheWrite> entries, int batch)
    {
        admin.Empty();
        var database = connection.GetDatabase();
        var begin = Stopwatch.GetTimestamp();
        foreach (var some in entries.Chunk(batch))
            await Task.WhenAll(some.Select(entry => database.StringSetAsync(entry.Key, entry.Value, entry.Ttl)));
        return Stopwatch.GetElapsedTime(begin);
    }

    /// <returns>Entries per second of the faster batch.</returns>
    public async Task<double> MeasureAsync(WarmSettings settings)
    {
        var value = new byte[settings.Size];
        new Random(settings.Size).NextBytes(value);
        var entries = Enumerable
            .Range(0, Math.Min(MostEntries, settings.Entries))
            .Select(_ => new CacheWrite(CacheKeys.Recommendations(Guid.CreateVersion7()), value, CacheKeys.ResultTtl))
            .ToArray();
        var fastest = 0.0;
        foreach (var batch in Sizes)
            fastest = Math.Max(fastest, entries.Length / (await WriteAsync(entries, batch)).TotalSeconds);
        return fastest;
    }

    public void Dispose() => connection.Dispose();
}
