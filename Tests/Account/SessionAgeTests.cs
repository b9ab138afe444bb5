using System.Net;
using Overnight.Api.Sessions;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Account;

/// <summary>SPEC E5: sessions end after 30 days, or 7 days unused, wherever they are kept.</summary>
public sealed class SessionAgeTests(TestServers servers)
{
    /// <summary>
    /// The interval in which uses are written. Seven days are no multiple of it, so no write falls on the end of a session.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(11),
        Unused = TimeSpan.FromDays(7);

    private readonly TestClock _time = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task E5_SessionThatIsNotUsed_EndsAfterSevenDays()
    {
        await using var app = await AppAsync();
        var token = await AddAsync(app, lastUsed: _time.GetUtcNow());

        _time.Advance(Unused + Grace - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(token));
        // The use was not written yet; without it the session has ended.
        _time.Advance(TimeSpan.FromSeconds(1));
        using var answer = await app.GetAsync("/api/dashboard", token, Ct);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("The session has expired", (await answer.JsonAsync()).GetProperty("title").GetString());
    }

    /// <summary>Uses are written in batches, and each moves the end.</summary>
    [Fact]
    public async Task E5_SessionInUse_GoesOnUntilItIsThirtyDaysOld()
    {
        await using var app = await AppAsync();
        var token = await AddAsync(app, lastUsed: _time.GetUtcNow());
        for (var day = 0; day < 29; day += 5)
        {
            _time.Advance(TimeSpan.FromDays(5));
            if (day < 25)
                Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(token));
            await app.Get<SessionActivityWriter>().WriteAsync(Ct);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await app.StatusAsync(token));
    }

    /// <summary>At the very end of the seven days a use that is written keeps the session on, on the node that had it in memory.</summary>
    [Fact]
    public async Task E5_LastMinuteUse_ThatIsWritten_KeepsItOn()
    {
        await using var app = await AppAsync();
        var token = await AddAsync(app, lastUsed: _time.GetUtcNow());
        _time.Advance(Unused + Grace - TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(token));
        await app.Get<SessionActivityWriter>().WriteAsync(Ct);

        _time.Advance(TimeSpan.FromSeconds(2));
        await app.Cache.KeyDeleteAsync(CacheKeys.Session(TestPeople.Hash(token)));

        Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(token));
    }

    [Fact]
    public async Task E5_CachedSession_OutlivesNeitherItsExpiryNorItsUse()
    {
        await using var app = await AppAsync();
        var now = _time.GetUtcNow();
        var unused = await AddAsync(app, lastUsed: now - Unused - Grace + TimeSpan.FromSeconds(40));
        var expiring = await AddAsync(app, lastUsed: now, expires: now.AddSeconds(30));
        var usual = await AddAsync(app, lastUsed: now);

        foreach (var (token, seconds) in ((string, int)[])[(unused, 40), (expiring, 30), (usual, 300)])
        {
            Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(token));
            var left = await app.Cache.KeyTimeToLiveAsync(CacheKeys.Session(TestPeople.Hash(token)));
            Assert.InRange(left!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(seconds));
        }
    }

    [Fact]
    public async Task E5_ListOfSessions_HasNoneThatEndedUnused()
    {
        await using var app = await AppAsync();
        var now = _time.GetUtcNow();
        var token = await AddAsync(app, lastUsed: now);
        var user = await app.Database.ScalarAsync<Guid>("select user_id from sessions");
        await AddAsync(app, lastUsed: now - Unused - Grace, user: user);

        using var answer = await app.GetAsync("/api/sessions", token, Ct);

        var item = Assert.Single((await answer.JsonAsync()).GetProperty("items").EnumerateArray());
        Assert.Equal(TestPeople.Hash(token), item.GetProperty("id").GetString());
    }

    private async Task<ApiApp> AppAsync() =>
        new(
            await servers.CreateDatabaseAsync(Ct),
            await servers.CacheConnectionStringAsync(Ct),
            _time,
            new Dictionary<string, string> { ["Sessions:ActivityInterval"] = $"{Grace}" }
        );

    private async Task<string> AddAsync(ApiApp app, DateTimeOffset lastUsed, DateTimeOffset? expires = null, Guid? user = null)
    {
        var end = expires ?? _time.GetUtcNow().AddDays(30);
        var token = await app.Database.AddSessionAsync(user ?? await app.Database.AddUserAsync(), end);
        await app.Database.ExecuteAsync(
            "update sessions set created_at = least(created_at, $2), last_active_at = $2 where token_hash = $1",
            TestPeople.Hash(token),
            lastUsed.UtcDateTime
        );
        return token;
    }
}
