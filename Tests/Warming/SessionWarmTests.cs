using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Core.Sessions;
using Overnight.Core.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Warming;

public sealed class SessionWarmTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>SPEC E2.</summary>
    [Fact]
    public async Task Warm_E2_Sessions_TakesTheNewestThatAreGoodAndLeavesOutTheOthers()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        var now = TimeProvider.System.GetUtcNow();
        var tokens = new string[7];
        for (var i = 0; i < tokens.Length; i++)
        {
            var user = await warm.Database.AddUserAsync();
            tokens[i] = await warm.Database.AddSessionAsync(
                user,
                expires: i == 1 ? now.AddSeconds(-1) : now.AddMinutes(i == 0 ? 2 : 60),
                revoked: i == 2 ? now : null
            );
            await warm.Database.ExecuteAsync(
                "update sessions set last_active_at = now() - make_interval(mins => $2) where token_hash = $1",
                TestPeople.Hash(tokens[i]),
                i == 6 ? 24 * 60 + 1 : i
            );
            if (i is 3 or 4)
                await warm.Database.ExecuteAsync($"update users set {(i == 3 ? "deleted_at" : "banned_at")} = now() where id = $1", user);
        }

        var outcome = await warm.WarmAsync(SessionWarmSet.SetName, Ct);

        Assert.Equal((WarmStatus.Completed, 2), (outcome.Status, outcome.Warmed));
        Assert.Equal(
            [true, false, false, false, false, true, false],
            tokens.Select(token => warm.Cache.KeyExists(CacheKeys.Session(TestPeople.Hash(token))))
        );
        // Never past its own expiry (SPEC E1).
        Assert.InRange((await warm.Cache.KeyTimeToLiveAsync(CacheKeys.Session(TestPeople.Hash(tokens[0]))))!.Value.TotalSeconds, 60, 120);
        Assert.InRange((await warm.Cache.KeyTimeToLiveAsync(CacheKeys.Session(TestPeople.Hash(tokens[5]))))!.Value.TotalSeconds, 240, 300);
    }

    /// <summary>SPEC E2: 1,000 in batches of 100, newest first, with progress each 100.</summary>
    [Fact]
    public async Task Warm_E2_MoreThanTheLimit_StopsThereAndTellsEachHundred()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        var hashes = await AddManyAsync(warm);
        AtFirstReport progress = new(() => { });

        var outcome = await warm.WarmAsync(SessionWarmSet.SetName, Ct, progress: progress);

        Assert.Equal((WarmStatus.Completed, 1_000), (outcome.Status, outcome.Warmed));
        Assert.Equal(Enumerable.Range(1, 10).Select(i => i * 100L), progress.All.Select(n => n.Warmed));
        Assert.Equal(
            Enumerable.Range(0, 1050).Select(i => i < 1_000),
            hashes.Select(hash => warm.Cache.KeyExists(CacheKeys.Session(hash)))
        );
    }

    /// <summary>
    /// SPEC E2: after a start at least nine of ten requests find their session in the cache; here all but those past the limit.
    /// </summary>
    [Fact]
    public async Task Start_E2_OfTheService_MakesNineOfTenSessionsHits()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        await using ApiApp api = new(warm.DatabaseConnection, warm.CacheConnection);
        var hashes = await AddManyAsync(warm);

        Assert.Contains((await warm.Loop.RunOnceAsync(Ct)).SelectMany(report => report.Sets), set =>
            set is { Set: SessionWarmSet.SetName, Status: WarmStatus.Completed, Warmed: 1_000 }
        );

        foreach (var hash in hashes)
            Assert.NotNull((await api.Get<SessionReader>().FindAsync(hash, isMissed: false, Ct)).Session);
        Assert.Equal(50, api.Queries.Count("from sessions"));
    }

    /// <summary>SPEC E1: what the warm wrote is what the API reads, without a query.</summary>
    [Fact]
    public async Task Request_E1_OfAWarmedSession_AsksNoDatabaseForIt()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        var (user, token) = await warm.Database.SignInAsync();
        await warm.Database.AddResultAsync(user, TestResults.Entry(user));
        await warm.WarmAsync(SessionWarmSet.SetName, Ct);
        await warm.WarmAsync(RecommendationWarmSet.SetName, Ct);

        await using ApiApp api = new(warm.DatabaseConnection, warm.CacheConnection);
        using var answer = await api.GetAsync("/api/dashboard", token, Ct);

        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, api.Queries.Count("from sessions"));
        Assert.Equal(0, api.Queries.Count("calculation_results"));
    }

    /// <summary>SPEC E1: a warm, or a load, that read the session before it was revoked can't bring it back.</summary>
    [Fact]
    public async Task Warm_OfASessionRevokedSinceItWasRead_LeavesTheMark()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        await using ApiApp api = new(warm.DatabaseConnection, warm.CacheConnection);
        var (user, token) = await warm.Database.SignInAsync();
        var hash = TestPeople.Hash(token);
        await warm.WarmAsync(SessionWarmSet.SetName, Ct);
        await api.Get<SessionRevocation>().RevokeAsync(hash, Actor.Command);
        // The database as a warm saw it that read a moment before.
        await warm.Database.ExecuteAsync("update sessions set revoked_at = null where token_hash = $1", hash);

        await warm.WarmAsync(SessionWarmSet.SetName, Ct);

        var mark = (byte[]?)await warm.Cache.StringGetAsync(CacheKeys.Session(hash));
        Assert.True(CacheEntry.IsInvalidation(mark));
        await warm.Database.ExecuteAsync("update sessions set revoked_at = now() where token_hash = $1", hash);
        using (var refused = await api.GetAsync("/api/dashboard", token, Ct))
            Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.StatusCode);

        // And a load, also one that means to repair what it found damaged.
        ActiveSession session = new(user, false, null, TimeProvider.System.GetUtcNow().AddHours(1));
        var now = TimeProvider.System.GetUtcNow();
        var entry = (await api.Get<SessionSigningKeys>().GetAsync(Ct)).Write(session, hash, now, now)!.Value;
        Assert.False(await api.Get<CacheStore>().AddAsync(entry));
        Assert.False(await api.Get<CacheStore>().AddAsync(entry, replacing: [1, 2, 3]));
        Assert.Equal(mark, (byte[]?)await warm.Cache.StringGetAsync(CacheKeys.Session(hash)));
    }

    [Fact]
    public async Task Add_OverExactlyWhatWasRead_ReplacesIt()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        await using ApiApp api = new(warm.DatabaseConnection, warm.CacheConnection);
        var key = CacheKeys.Session(TestPeople.Hash(SessionToken.Create()));
        await warm.Cache.StringSetAsync(key, new byte[] { 9, 9 }, TimeSpan.FromMinutes(1));

        Assert.True(await api.Get<CacheStore>().AddAsync(new(key, [1], TimeSpan.FromMinutes(1)), replacing: [9, 9]));
        Assert.Equal([1], (byte[]?)await warm.Cache.StringGetAsync(key));
    }

    /// <returns>The hashes of 1,050 sessions, most recently active first.</returns>
    private static async Task<List<string>> AddManyAsync(WarmFixture warm)
    {
        await warm.Database.ExecuteAsync(
            """
            insert into sessions (token_hash, user_id, created_at, expires_at, last_active_at)
            select md5($1::text || i) || md5(i || $1::text), $1, now(), now() + interval '1 hour', now() - make_interval(secs => i) from generate_series(1, 1050) i
            """,
            await warm.Database.AddUserAsync()
        );
        List<string> hashes = [];
        await using var command = warm.Database.CreateCommand("select token_hash from sessions order by last_active_at desc");
        await using var reader = await command.ExecuteReaderAsync(Ct);
        while (await reader.ReadAsync(Ct))
            hashes.Add(reader.GetString(0));
        return hashes;
    }
}
