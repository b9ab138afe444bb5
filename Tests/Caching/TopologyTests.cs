using System.Net;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Core.Sessions;
using Overnight.Core.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Flags;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;
using Overnight.Tests.Warming;
using StackExchange.Redis;

namespace Overnight.Tests.Caching;

/// <summary>
/// What must work on every topology: the one client, over TLS with an ACL user, and in a cluster where two keys lie on two nodes.
/// </summary>
public sealed class TopologyTests(TestServers servers)
{
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["Flags:Environment"] = "test",
        ["Cache:MemoryAdmission"] = "0",
        ["Cache:BeatInterval"] = "00:00:00.2",
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<CacheTopology> All => [CacheTopology.Standalone, CacheTopology.Tls, CacheTopology.Cluster];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Morning_OnEveryTopology_IsCachedWarmedRevokedAndInvalidated(CacheTopology topology)
    {
        var cache = await servers.StartCacheAsync(topology, Ct);
        var database = await servers.CreateDatabaseAsync(Ct);
        await using var warm = WarmFixture.Over(database, cache.ConnectionString, settings: [("Flags:Environment", "test")]);
        List<(Guid User, string Token)> people = [];
        for (var i = 0; i < 40; i++)
        {
            var (user, token) = await warm.Database.SignInAsync(i == 0 ? "admin" : "user");
            await warm.Database.AddResultAsync(user, TestResults.Entry(user));
            people.Add((user, token));
        }
        await warm.Database.AddFlagAsync("test", "new-page", value: "1");

        foreach (var set in (string[])[WarmSetNames.Recommendations, WarmSetNames.Sessions, WarmSetNames.Flags])
        {
            var outcome = await warm.WarmAsync(set, Ct);
            Assert.Equal((WarmStatus.Completed, 0), (outcome.Status, outcome.Failed));
        }

        await using ApiApp one = new(database, cache.ConnectionString, settings: Settings);
        await using ApiApp two = new(database, cache.ConnectionString, settings: Settings);
        // Nobody asks PostgreSQL for what was warmed.
        foreach (var (_, token) in people)
            Assert.True(await FromCacheAsync(one, token));
        Assert.Equal((0, 0), (one.Queries.Count("from sessions"), one.Queries.Count("calculation_results")));

        // In memory of both, and ended on both.
        var (_, admin) = people[0];
        var (ended, gone) = people[1];
        foreach (var node in (ApiApp[])[one, two])
        {
            await Eventually.TrueAsync(
                async () =>
                    await node.StatusAsync(gone) == HttpStatusCode.OK
                    && node.Get<SessionReader>().Recall(TestPeople.Hash(gone)) is not null,
                "the node has the session in memory"
            );
            Assert.Equal(1, (await node.FlagAsync("new-page", admin)).GetProperty("value").GetInt32());
        }
        Assert.Equal(2, await one.Get<ResultInvalidation>().OneAsync(ended));
        Assert.NotNull(await one.Get<SessionRevocation>().RevokeAsync(TestPeople.Hash(gone), Actor.Command));
        using (var patched = await one.PatchFlagAsync("new-page", admin, """{"value":2}"""))
            Assert.Equal(HttpStatusCode.OK, patched.StatusCode);
        foreach (var node in (ApiApp[])[one, two])
        {
            await Eventually.TrueAsync(async () => await node.StatusAsync(gone) == HttpStatusCode.Unauthorized, "the node refuses it");
            await Eventually.TrueAsync(
                async () => (await node.FlagAsync("new-page", admin)).GetProperty("value").GetInt32() == 2,
                "the node has the flag's new value"
            );
        }

        // A miss is answered by PostgreSQL and written back, both entries.
        var (missed, token2) = people[2];
        await one.Get<ResultInvalidation>().OneAsync(missed);
        using var client = await ConnectionMultiplexer.ConnectAsync(cache.AdministratorsConnectionString + ",allowAdmin=true");
        await Eventually.TrueAsync(
            async () => await FromCacheAsync(one, token2) && await client.GetDatabase().KeyExistsAsync(CacheKeys.Portfolio(missed)),
            "both entries are repaired"
        );
        Assert.Null(one.Get<CacheStore>().Refusal);

        // Everything is lost: the service sees it, and warms it anew.
        foreach (var server in client.GetServers())
            await server.FlushAllDatabasesAsync();
        Assert.All(await warm.Loop.RunOnceAsync(Ct), report =>
            Assert.Equal((WarmTrigger.ColdStart, true), (report.Trigger, report.IsWhole))
        );
        foreach (var (user, token) in people.Where(person => person.Token != gone))
        {
            Assert.True(await client.GetDatabase().KeyExistsAsync(CacheKeys.Recommendations(user)));
            Assert.True(await client.GetDatabase().KeyExistsAsync(CacheKeys.Session(TestPeople.Hash(token))));
        }
    }

    /// <summary>
    /// The server, or one node of the cluster, goes away and comes back empty: nobody gets an error, and what is there is used again.
    /// </summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task Read_ServerLostAndBack_AnswersThroughout(CacheTopology topology)
    {
        var cache = await servers.StartCacheAsync(topology, Ct);
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), cache.ConnectionString, settings: Settings);
        List<string> tokens = [];
        for (var i = 0; i < 12; i++)
        {
            var (user, token) = await app.Database.SignInAsync();
            await app.Database.AddResultAsync(user, TestResults.Entry(user));
            tokens.Add(token);
        }
        foreach (var token in tokens)
            Assert.Equal(HttpStatusCode.OK, await app.StatusAsync(token));

        var lost = cache.Servers[^1];
        await lost.StopAsync();
        foreach (var token in tokens)
            Assert.Equal(HttpStatusCode.OK, await app.StatusAsync(token));

        await servers.StartAgainAsync(lost, Ct);
        foreach (var token in tokens)
            await Eventually.TrueAsync(() => FromCacheAsync(app, token), "the cache is used again");
    }

    private static async Task<bool> FromCacheAsync(ApiApp app, string token)
    {
        using var response = await app.GetAsync("/api/dashboard", token, Ct);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.JsonAsync()).GetProperty("data").GetProperty("fromCache").GetBoolean();
    }
}
