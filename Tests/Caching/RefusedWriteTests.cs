using System.Net;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Flags;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Caching;

/// <summary>
/// A server that answers reads and refuses writes, as after a failover, with too few replicas, or with a full disk (SPEC E1, F1).
/// </summary>
public sealed class RefusedWriteTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Forget_ServerRefusesWrites_HoldsOnThisNodeAndReachesTheServerWhenItTakesThemAgain()
    {
        var cache = await servers.StartCacheAsync(Ct, program: LocalRedisProgram.Redis);
        var settings = new Dictionary<string, string> { ["Flags:Environment"] = "test" };
        var database = await servers.CreateDatabaseAsync(Ct);
        await using ApiApp app = new(database, cache.ConnectionString, settings: settings);
        var (_, admin) = await app.Database.SignInAsync("admin");
        var (_, token) = await app.Database.SignInAsync();
        await app.Database.AddFlagAsync("test", "new-page", value: "1");
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(token));
            Assert.Equal(1, (await app.FlagAsync("new-page", admin)).GetProperty("value").GetInt32());
        }
        await cache.AdministerAsync("CONFIG", "SET", "min-replicas-to-write", 1);

        using (var patched = await app.PatchFlagAsync("new-page", admin, """{"value":4242}"""))
            Assert.Equal(HttpStatusCode.OK, patched.StatusCode);
        using (var signedOut = await app.SendAsync(HttpMethod.Delete, "/api/sessions/current", token))
            Assert.Equal(HttpStatusCode.NoContent, signedOut.StatusCode);

        Assert.Equal(HttpStatusCode.Unauthorized, await app.StatusAsync(token));
        Assert.Equal(4242, (await app.FlagAsync("new-page", admin)).GetProperty("value").GetInt32());
        Assert.StartsWith("NOREPLICAS", app.Get<CacheStore>().Refusal, StringComparison.Ordinal);
        using (var health = await app.GetAsync("/health", ct: Ct))
            Assert.Equal(
                (HttpStatusCode.OK, "Degraded: cache-statistics, workers"),
                (health.StatusCode, await health.Content.ReadAsStringAsync(Ct))
            );

        await cache.AdministerAsync("CONFIG", "SET", "min-replicas-to-write", 0);
        var session = CacheKeys.Session(TestPeople.Hash(token));
        await Eventually.TrueAsync(
            async () =>
                app.Get<CacheStore>().Refusal is null && CacheEntry.IsInvalidation((byte[]?)await app.Cache.StringGetAsync(session)),
            "the server is told"
        );
        await using ApiApp other = new(database, cache.ConnectionString, settings: settings);
        Assert.Equal(HttpStatusCode.Unauthorized, await other.StatusAsync(token));
        Assert.Equal(4242, (await other.FlagAsync("new-page", admin)).GetProperty("value").GetInt32());
    }
}
