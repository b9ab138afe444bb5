using System.Net;
using Npgsql;
using Overnight.Tests.Harness;
using StackExchange.Redis;

namespace Overnight.Tests.App;

public sealed class AppTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task App_Started_ApiIsHealthyOnAMigratedDatabaseAndACache()
    {
        // Asked only so that a desk without servers skips.
        await servers.CacheConnectionStringAsync(Ct);
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--Postgres:Keep=false"], Ct);
        await using var app = await builder.BuildAsync(Ct);
        await app.StartAsync(Ct);

        await app.ResourceNotifications.WaitForResourceHealthyAsync("api", Ct);

        await app.ResourceNotifications.WaitForResourceAsync("migrations", KnownResourceStates.Finished, Ct);
        await app.ResourceNotifications.WaitForResourceAsync("warmup", KnownResourceStates.Finished, Ct);
        using var client = app.CreateHttpClient("api");
        Assert.Equal("Healthy", await client.GetStringAsync("/health", Ct));
        Assert.Equal("Healthy", await client.GetStringAsync("/alive", Ct));
        using var unsigned = await client.GetAsync("/api/dashboard", Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, unsigned.StatusCode);
        await using NpgsqlConnection connection = new(await app.GetConnectionStringAsync("overnight", Ct));
        await connection.OpenAsync(Ct);
        await using NpgsqlCommand markets = new("select count(*) from markets", connection);
        Assert.NotEqual(0L, await markets.ExecuteScalarAsync(Ct));
        using var cache = await ConnectionMultiplexer.ConnectAsync((await app.GetConnectionStringAsync("cache", Ct))!);
        Assert.True(await cache.GetDatabase().PingAsync() > TimeSpan.Zero);
    }

    [Fact]
    public async Task App_ConnectionStringsConfigured_ReplaceTheServers()
    {
        var overnight = await servers.CreateEmptyDatabaseAsync(Ct);
        var cache = await servers.CacheConnectionStringAsync(Ct);
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            [$"--ConnectionStrings:overnight={overnight}", $"--ConnectionStrings:cache={cache}"],
            Ct
        );
        await using var app = await builder.BuildAsync(Ct);
        await app.StartAsync(Ct);

        await app.ResourceNotifications.WaitForResourceHealthyAsync("api", Ct);

        Assert.Equal(overnight, await app.GetConnectionStringAsync("overnight", Ct));
        Assert.Equal(cache, await app.GetConnectionStringAsync("cache", Ct));
        Assert.ThrowsAny<ArgumentException>(() => app.GetEndpoint("postgres"));
    }
}
