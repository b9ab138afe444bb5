using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Caching;

namespace Overnight.Benchmarks.Warm;

/// <summary>The product's bulk writer over the product's connection to the cache, given results as a night's workers give them.</summary>
internal sealed class ProductBulkWriter : IDisposable
{
    /// <summary>Users of one write, as of one batch of a night.</summary>
    private const int BatchSize = 500;

    private readonly IHost host;
    private readonly CacheAdmin admin;
    private readonly CacheStore store;

    public ProductBulkWriter(CacheServer cache, CacheAdmin admin)
    {
        this.admin = admin;
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:cache"] = cache.ConnectionString;
        builder.AddRedisClient("cache", null, options => CacheConnection.Configure(options, builder.Configuration));
        builder.Services.AddCaching();
        host = builder.Build();
        store = host.Services.GetRequiredService<CacheStore>();
    }

    /// <returns>Entries per second, two of them per user, from the first write to the last answer.</returns>
    public async Task<double> MeasureAsync(WarmSettings settings, CancellationToken ct)
    {
        var batches = Batches(settings);
        var next = -1;
        admin.Empty();
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, settings.Writers).Select(_ => Task.Run(WriteAsync, ct)));
        var elapsed = Stopwatch.GetElapsedTime(begin);

        var written = batches.Sum(batch => (long)batch.Count);
        if (admin.CountKeys() is var found && found != written)
            throw new BenchmarkException($"{found} keys are in the cache instead of {written}; the figure does not count.");
        return written / elapsed.TotalSeconds;

        async Task WriteAsync()
        {
            while (Interlocked.Increment(ref next) is var mine && mine < batches.Count)
                if (await store.WriteAsync(batches[mine]) is { First: { } refusal })
                    throw new BenchmarkException($"The cache refused an entry: {refusal}");
        }
    }

    public void Dispose() => host.Dispose();

    private static List<IReadOnlyList<CacheWrite>> Batches(WarmSettings settings)
    {
        // Values of two batches are in use at a time in a night; a few that take turns stay in the processor's cache no better than those.
        var values = Enumerable.Range(0, 2 * BatchSize).Select(n => Value(settings.Size, n)).ToArray();
        return
        [
            .. Enumerable
                .Range(0, settings.Entries / 2)
                .Chunk(BatchSize)
                .Select(users =>
                    users
                        .SelectMany(n =>
                        {
                            var user = Guid.CreateVersion7();
                            return new CacheWrite[]
                            {
                                new(CacheKeys.Recommendations(user), values[2 * n % values.Length], CacheKeys.ResultTtl),
                                new(CacheKeys.Portfolio(user), values[(2 * n + 1) % values.Length], CacheKeys.ResultTtl),
                            };
                        })
                        .ToArray()
                ),
        ];

        static byte[] Value(int size, int seed)
        {
            var value = new byte[size];
            new Random(seed).NextBytes(value);
            return value;
        }
    }
}
