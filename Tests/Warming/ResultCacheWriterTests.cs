using Overnight.Core.Caching;
using Overnight.Core.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using StackExchange.Redis;

namespace Overnight.Tests.Warming;

/// <summary>Where the cache is no single server without TLS, the client library writes.</summary>
public sealed class ResultCacheWriterTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_ThroughTheClientLibrary_WritesAllAndTakesAllBack()
    {
        using var cache = await TwiceAsync(await servers.CacheConnectionStringAsync(Ct));
        using CacheBulkWriter bulk = new(cache);
        ResultCacheWriter writer = new(bulk);
        CacheableResult[] results =
        [
            .. Enumerable
                .Range(0, 700)
                .Select(_ => Guid.CreateVersion7())
                .Select(user => new CacheableResult(user, TestResults.Entry(user), TestResults.Portfolio(user))),
        ];

        await writer.WriteAsync(results, Ct);

        foreach (var result in results)
        {
            Assert.Equal(
                result.Recommendations,
                (byte[]?)await cache.GetDatabase().StringGetAsync(CacheKeys.Recommendations(result.UserId))
            );
            Assert.Equal(result.Portfolio, (byte[]?)await cache.GetDatabase().StringGetAsync(CacheKeys.Portfolio(result.UserId)));
        }
        Assert.InRange(
            (await cache.GetDatabase().KeyTimeToLiveAsync(CacheKeys.Portfolio(results[^1].UserId)))!.Value,
            TimeSpan.FromHours(23),
            CacheKeys.ResultTtl
        );

        await writer.TakeBackAsync(results);
        foreach (var result in results)
        {
            Assert.False(await cache.GetDatabase().KeyExistsAsync(CacheKeys.Recommendations(result.UserId)));
            Assert.False(await cache.GetDatabase().KeyExistsAsync(CacheKeys.Portfolio(result.UserId)));
        }
    }

    [Fact]
    public async Task Write_ThroughTheClientLibraryToAFullServer_IsRefused()
    {
        var full = await servers.StartCacheAsync(Ct, program: LocalRedisProgram.Redis, maxMemory: "1mb");
        using var cache = await TwiceAsync(full.ConnectionString);
        using CacheBulkWriter bulk = new(cache);
        ResultCacheWriter writer = new(bulk);
        CacheableResult[] results =
        [
            .. Enumerable.Range(0, 300).Select(_ => new CacheableResult(Guid.CreateVersion7(), new byte[10_000], new byte[10_000])),
        ];

        var exception = await Assert.ThrowsAsync<CacheWriteException>(() => writer.WriteAsync(results, Ct));

        Assert.True(exception.IsRefusal);
        Assert.Contains("OOM", exception.Message, StringComparison.Ordinal);
    }

    /// <summary>One server by two names, as a cluster has several.</summary>
    private static async Task<ConnectionMultiplexer> TwiceAsync(string connection)
    {
        var options = ConfigurationOptions.Parse(connection);
        var port = int.Parse(connection.Split(',')[0].Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture);
        options.EndPoints.Add("localhost", port);
        var cache = await ConnectionMultiplexer.ConnectAsync(options);
        Assert.Null(PlainServer.Find(cache));
        return cache;
    }
}
