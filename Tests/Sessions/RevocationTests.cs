using System.Net;
using Overnight.Core.Caching;
using Overnight.Core.Sessions;
using Overnight.Core.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Warming;

namespace Overnight.Tests.Sessions;

/// <summary>
/// SPEC E1: sign-out, revocation and ban take effect at once on every node, and nothing that began earlier brings a session back.
/// </summary>
public sealed class RevocationTests(ApiFixture fixture, TestServers servers) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ban_E1_OfAUserOnTwoNodes_IsRefusedByBothAtOnceAndSignInToo()
    {
        await using var other = fixture.Another();
        var (_, admin) = await _app.Database.SignInAsync("admin");
        var (user, email) = await _app.Database.AddAccountAsync();
        string[] tokens = [await _app.Database.AddSessionAsync(user), await TokenAsync(email)];
        // Both in the cache, and known to both nodes.
        foreach (var token in tokens)
            Assert.Equal(
                (HttpStatusCode.NotFound, HttpStatusCode.NotFound),
                (await _app.StatusAsync(token), await other.StatusAsync(token))
            );

        using var ban = await _app.PostAsync($"/api/admin/users/{user}/ban", token: admin);

        Assert.Equal(HttpStatusCode.OK, ban.StatusCode);
        var banned = await ban.JsonAsync();
        Assert.Equal((user, 2), (banned.GetProperty("userId").GetGuid(), banned.GetProperty("sessions").GetInt32()));
        Assert.True(banned.GetProperty("heldFrom").GetDateTimeOffset() <= TimeProvider.System.GetUtcNow());
        foreach (var token in tokens)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await _app.StatusAsync(token));
            await RefusedAsync(other, token);
        }
        using (var refused = await other.SignInAsync(email, SignInHelp.Password))
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        // Unbanned, the user signs in anew; what was ended stays ended.
        using (var unban = await _app.PostAsync($"/api/admin/users/{user}/unban", token: admin))
            Assert.Equal(HttpStatusCode.NoContent, unban.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, await other.StatusAsync(await TokenAsync(email)));
        foreach (var token in tokens)
            Assert.Equal(HttpStatusCode.Unauthorized, await other.StatusAsync(token));
    }

    [Fact]
    public async Task SignOut_E1_OnOneNode_EndsThatSessionOnEveryNodeAndNoOther()
    {
        await using var other = fixture.Another();
        var (user, token) = await _app.Database.SignInAsync();
        var second = await _app.Database.AddSessionAsync(user);
        Assert.Equal(HttpStatusCode.NotFound, await other.StatusAsync(token));

        using var answer = await _app.SendAsync(HttpMethod.Delete, "/api/sessions/current", token);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await _app.StatusAsync(token));
        await RefusedAsync(other, token);
        Assert.Equal(HttpStatusCode.NotFound, await other.StatusAsync(second));
        using var again = await other.SendAsync(HttpMethod.Delete, "/api/sessions/current", token);
        Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);
    }

    [Fact]
    public async Task Ban_E1_WhileALoadAndAWarmAreUnderWay_NeitherBringsTheSessionBack()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        await using ApiApp app = new(warm.DatabaseConnection, warm.CacheConnection);
        var (user, token) = await warm.Database.SignInAsync();
        var hash = TestPeople.Hash(token);
        // What a load read before the ban, and is about to write.
        ActiveSession read = new(user, false, null, TimeProvider.System.GetUtcNow().AddHours(1));
        var now = TimeProvider.System.GetUtcNow();
        var entry = (await app.Get<SessionSigningKeys>().GetAsync(Ct)).Write(read, hash, now, now)!.Value;

        Assert.NotNull(await app.Get<SessionRevocation>().BanAsync(user));

        Assert.False(await app.Get<CacheStore>().AddAsync(entry));
        Assert.False(await app.Get<CacheStore>().AddAsync(entry, replacing: [1, 2, 3]));
        // The database as a warm saw it that read before the ban.
        await warm.Database.ExecuteAsync("update sessions set revoked_at = null where user_id = $1", user);
        await warm.Database.ExecuteAsync("update users set banned_at = null where id = $1", user);
        Assert.Equal(WarmStatus.Completed, (await warm.WarmAsync(SessionWarmSet.SetName, Ct)).Status);
        Assert.True(CacheEntry.IsInvalidation((byte[]?)await warm.Cache.StringGetAsync(CacheKeys.Session(hash))));
        await warm.Database.ExecuteAsync("update users set banned_at = now() where id = $1", user);
        Assert.Equal(HttpStatusCode.Unauthorized, await app.StatusAsync(token));
    }

    /// <summary>Three nodes that have it in memory hear of its end; one that has lost the channel keeps none, and asks each time.</summary>
    [Fact]
    public async Task Revoke_E1_OfASessionInMemoryOfThreeNodes_ReachesEveryNode()
    {
        var cache = await servers.StartCacheAsync(Ct);
        var database = await servers.CreateDatabaseAsync(Ct);
        var settings = new Dictionary<string, string> { ["Sessions:MemoryTtl"] = "00:05:00" };
        await using ApiApp one = new(database, cache.ConnectionString, settings: settings);
        await using ApiApp two = new(database, cache.ConnectionString, settings: settings);
        await using ApiApp three = new(database, cache.ConnectionString, settings: settings);
        ApiApp[] nodes = [one, two, three];
        var (_, first) = await one.Database.SignInAsync();
        var (_, second) = await one.Database.SignInAsync();
        foreach (var node in nodes)
        {
            foreach (var token in (string[])[first, second])
                await Eventually.TrueAsync(
                    async () =>
                        await node.StatusAsync(token) == HttpStatusCode.NotFound
                        && node.Get<SessionReader>().Recall(TestPeople.Hash(token)) is not null,
                    "the node has it in memory"
                );
        }

        await one.Get<SessionRevocation>().RevokeAsync(TestPeople.Hash(first));
        foreach (var node in nodes)
            await RefusedAsync(node, first);

        // Cut: whatever is announced now is lost.
        await cache.AdministerAsync("CLIENT", "KILL", "TYPE", "pubsub");
        await one.Get<SessionRevocation>().RevokeAsync(TestPeople.Hash(second));
        foreach (var node in nodes)
            await RefusedAsync(node, second);
    }

    [Fact]
    public async Task Revoke_E1_SessionThatIsInTheCacheAlone_IsRefusedToo()
    {
        var (user, token) = await _app.Database.SignInAsync();
        var hash = TestPeople.Hash(token);
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(token));
        await _app.Database.ExecuteAsync("delete from sessions where user_id = $1", user);

        Assert.Null(await _app.Get<SessionRevocation>().RevokeAsync(hash));

        Assert.Equal(HttpStatusCode.Unauthorized, await _app.StatusAsync(token));
        Assert.True(CacheEntry.IsInvalidation((byte[]?)await _app.Cache.StringGetAsync(CacheKeys.Session(hash))));
    }

    /// <summary>The ban waits for a sign-in under way and ends its session, or the sign-in finds the account closed.</summary>
    [Fact]
    public async Task Ban_WhileManySignIn_LeavesNoSessionBehind()
    {
        var (user, email) = await _app.Database.AddAccountAsync();
        await using var app = fixture.Another(("Sessions:AttemptsPerEmail", "100"), ("Limits:RequestTimeout", "00:10:00"));

        var signIns = Enumerable.Range(0, 12).Select(_ => app.SignInAsync(email, SignInHelp.Password)).ToList();
        await Task.WhenAny(signIns);
        Assert.NotNull(await _app.Get<SessionRevocation>().BanAsync(user));

        foreach (var answer in await Task.WhenAll(signIns))
            Assert.True(answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.Unauthorized);
        Assert.Equal(
            0,
            await _app.Database.ScalarAsync<long>("select count(*) from sessions where user_id = $1 and revoked_at is null", user)
        );
    }

    [Fact]
    public async Task Revoke_ById_ByUserAndListed_AsAnAdministratorDoes()
    {
        var (_, admin) = await _app.Database.SignInAsync("admin");
        var user = await _app.Database.AddUserAsync();
        List<string> tokens = [];
        for (var i = 0; i < 3; i++)
            tokens.Add(await _app.Database.AddSessionAsync(user, TimeProvider.System.GetUtcNow().AddHours(1 + i)));
        var path = $"/api/admin/users/{user}/sessions";

        var page = await (await _app.GetAsync($"{path}?limit=2", admin)).JsonAsync();
        var rest = await (await _app.GetAsync($"{path}?limit=2&cursor={page.GetProperty("nextCursor").GetString()}", admin)).JsonAsync();
        Assert.Equal(
            [TestPeople.Hash(tokens[2]), TestPeople.Hash(tokens[1]), TestPeople.Hash(tokens[0])],
            page.GetProperty("items")
                .EnumerateArray()
                .Concat(rest.GetProperty("items").EnumerateArray())
                .Select(item => item.GetProperty("id").GetString()!)
        );

        using var one = await _app.SendAsync(HttpMethod.Delete, $"/api/admin/sessions/{TestPeople.Hash(tokens[0])}", admin);
        using var again = await _app.SendAsync(HttpMethod.Delete, $"/api/admin/sessions/{TestPeople.Hash(tokens[0])}", admin);
        Assert.Equal(
            (1, 0),
            ((await one.JsonAsync()).GetProperty("sessions").GetInt32(), (await again.JsonAsync()).GetProperty("sessions").GetInt32())
        );
        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.NotFound),
            (await _app.StatusAsync(tokens[0]), await _app.StatusAsync(tokens[1]))
        );

        using var all = await _app.SendAsync(HttpMethod.Delete, path, admin);
        Assert.Equal(2, (await all.JsonAsync()).GetProperty("sessions").GetInt32());
        foreach (var token in tokens)
            Assert.Equal(HttpStatusCode.Unauthorized, await _app.StatusAsync(token));
        Assert.Empty((await (await _app.GetAsync(path, admin)).JsonAsync()).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task AdminRoutes_ByOthersOrForWhatIsNotThere_Are401_403_404_400Or409()
    {
        var (own, admin) = await _app.Database.SignInAsync("admin");
        var (user, token) = await _app.Database.SignInAsync();
        (HttpMethod Method, string Path)[] routes =
        [
            (HttpMethod.Get, $"/api/admin/users/{user}/sessions"),
            (HttpMethod.Delete, $"/api/admin/users/{user}/sessions"),
            (HttpMethod.Delete, $"/api/admin/sessions/{new string('0', 64)}"),
            (HttpMethod.Post, $"/api/admin/users/{user}/ban"),
            (HttpMethod.Post, $"/api/admin/users/{user}/unban"),
        ];
        foreach (var (method, path) in routes)
        {
            using var nobody = await _app.SendAsync(method, path, null);
            using var notAdmin = await _app.SendAsync(method, path, token);
            Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden), (nobody.StatusCode, notAdmin.StatusCode));
        }
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(token));
        foreach (
            var (method, path, status) in ((HttpMethod, string, HttpStatusCode)[])
                [
                    (HttpMethod.Delete, $"/api/admin/sessions/{new string('0', 64)}", HttpStatusCode.NotFound),
                    (HttpMethod.Delete, $"/api/admin/sessions/{new string('Z', 64)}", HttpStatusCode.BadRequest),
                    (HttpMethod.Delete, "/api/admin/sessions/%01", HttpStatusCode.BadRequest),
                    (HttpMethod.Post, $"/api/admin/users/{Guid.NewGuid()}/ban", HttpStatusCode.NotFound),
                    (HttpMethod.Post, $"/api/admin/users/{Guid.NewGuid()}/unban", HttpStatusCode.NotFound),
                    (HttpMethod.Post, $"/api/admin/users/{own}/ban", HttpStatusCode.Conflict),
                    (HttpMethod.Post, "/api/admin/users/moon/ban", HttpStatusCode.BadRequest),
                    (HttpMethod.Get, $"/api/admin/users/{user}/sessions?limit=0&cursor=x", HttpStatusCode.BadRequest),
                ]
        )
        {
            using var answer = await _app.SendAsync(method, path, admin);
            Assert.Equal((status, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        }
    }

    [Fact]
    public async Task Revoke_E1_WithTheCacheAway_HoldsInPostgresAtOnceAndElsewhereWhenTheTtlIsOver()
    {
        TestClock time = new();
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), "127.0.0.1:1,connectTimeout=200", time);
        var (user, token) = (await app.Database.AddUserAsync(), "");
        token = await app.Database.AddSessionAsync(user, time.GetUtcNow().AddHours(1));

        var ended = await app.Get<SessionRevocation>().RevokeAsync(TestPeople.Hash(token));

        Assert.Equal(new EndedSessions(1, time.GetUtcNow() + CacheKeys.SessionTtl), ended);
        Assert.Equal(HttpStatusCode.Unauthorized, await app.StatusAsync(token));
    }

    /// <summary>
    /// A process that ended between the database and the cache leaves a session that is ended and still cached: asking again mends it.
    /// </summary>
    [Fact]
    public async Task Ban_AgainAfterTheCacheWasNotTold_TellsItThen()
    {
        var (user, token) = await _app.Database.SignInAsync();
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(token));
        await _app.Database.ExecuteAsync("update sessions set revoked_at = now() where user_id = $1", user);
        await _app.Database.ExecuteAsync("update users set banned_at = now() where id = $1", user);
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(token));

        Assert.Equal(0, (await _app.Get<SessionRevocation>().BanAsync(user))!.Value.Sessions.Ended);

        Assert.Equal(HttpStatusCode.Unauthorized, await _app.StatusAsync(token));
    }

    /// <summary>Another node may have the session in memory, and hears of its end.</summary>
    private static Task RefusedAsync(ApiApp node, string token) =>
        Eventually.TrueAsync(async () => await node.StatusAsync(token) == HttpStatusCode.Unauthorized, "the other node refuses it");

    private async Task<string> TokenAsync(string email)
    {
        using var answer = await _app.SignInAsync(email, SignInHelp.Password);
        return (await answer.JsonAsync()).GetProperty("token").GetString()!;
    }
}
