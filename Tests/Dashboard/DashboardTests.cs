using System.Net;
using System.Text.Json;
using Overnight.Api.Dashboard;
using Overnight.Core.Caching;
using Overnight.Core.Sessions;
using Overnight.Tests.Harness;
using Overnight.Tests.Scheduling;
using StackExchange.Redis;

namespace Overnight.Tests.Dashboard;

public sealed class DashboardTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    /// <summary>SPEC B4.</summary>
    [Fact]
    public async Task Get_B4_EntryAndSessionCached_AnswersWithoutAQuery()
    {
        var (userId, token) = await _app.Database.SignInAsync();
        await _app.Cache.StringSetAsync(CacheKeys.Recommendations(userId), TestResults.Entry(userId));
        (await _app.GetAsync("/api/dashboard", token)).Dispose(); // caches the session
        await using var own = fixture.Another();
        // Asked for once by each node.
        await own.Get<SessionSigningKeys>().GetAsync(TestContext.Current.CancellationToken);
        var before = own.Queries.Count("select");
        using var response = await own.GetAsync("/api/dashboard", token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var answer = await JsonAsync(response);
        Assert.True(answer.RootElement.GetProperty("data").GetProperty("fromCache").GetBoolean());
        Assert.Equal(before, own.Queries.Count("select"));
    }

    [Fact]
    public async Task Get_Answer_IsTheStoredEntryInItsEnvelope()
    {
        var (userId, token) = await _app.Database.SignInAsync();
        var entry = TestResults.Entry(userId);
        await _app.Cache.StringSetAsync(CacheKeys.Recommendations(userId), entry);
        using var response = await _app.GetAsync("/api/dashboard", token);
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-store, private", string.Join(", ", response.Headers.CacheControl!.ToString().Split(", ").Order()));
        Assert.Equal((await response.Content.ReadAsByteArrayAsync()).Length, response.Content.Headers.ContentLength);

        using var answer = await JsonAsync(response);
        using var stored = JsonDocument.Parse(entry);
        var data = answer.RootElement.GetProperty("data");
        foreach (var field in stored.RootElement.EnumerateObject())
            Assert.True(JsonElement.DeepEquals(field.Value, data.GetProperty(field.Name)), field.Name);
        Assert.Equal(
            ["fromCache", "freshness", .. stored.RootElement.EnumerateObject().Select(f => f.Name)],
            data.EnumerateObject().Select(f => f.Name)
        );
        Assert.Equal(["data"], answer.RootElement.EnumerateObject().Select(f => f.Name));
        var freshness = data.GetProperty("freshness");
        Assert.Equal("2026-11-21T03:12:45.123Z", freshness.GetProperty("generatedAt").GetString());
        Assert.Equal("2026-11-20T21:00:00Z", freshness.GetProperty("pricesAsOf").GetString());
        Assert.Equal("2026-11-20T16:00:00Z", freshness.GetProperty("ratesAsOf").GetString());
        Assert.Contains(freshness.GetProperty("status").GetString(), (string[])["fresh", "provisional", "delayed", "stale"]);
        Assert.EndsWith(".", freshness.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    /// <summary>SPEC C3: by what the entry says and the calendar, so without a query.</summary>
    [Theory]
    [InlineData(
        "",
        "2026-11-20T16:00:00Z",
        "2026-11-22T20:00:00Z",
        "fresh",
        "It prepares the open of NYSE on 2026-11-23, and no later night"
    )]
    [InlineData("", "2026-05-01T00:00:00Z", "2026-11-22T20:00:00Z", "stale", "Its exchange rates are older than those of 2026-11-20")]
    [InlineData("", "2062-10-01T00:00:00Z", "2026-11-22T20:00:00Z", "stale", "Its exchange rates are dated in the future")]
    [InlineData(
        ",\"pricesStale\":true,\"ratesStale\":false,\"staleSince\":\"2026-11-18T00:00:00Z\"",
        "2026-11-20T16:00:00Z",
        "2026-11-22T20:00:00Z",
        "provisional",
        "A provider failed, so stored prices are used, the oldest of 2026-11-18."
    )]
    [InlineData("", "2026-11-20T16:00:00Z", "2026-11-24T14:00:00Z", "delayed", "The night of NYSE for 2026-11-24 is past its deadline")]
    public void Head_C3_FreshnessIsSaidWithItsReasonAndWithoutAQuery(
        string marks,
        string ratesAsOf,
        string now,
        string status,
        string reason
    )
    {
        var entry = TestResults.Entry(Guid.CreateVersion7(), marks: marks, ratesAsOf: ratesAsOf);
        var head = new byte[DashboardHttpResult.LongestHead];
        var length = DashboardHttpResult.WriteHead(
            head,
            entry,
            fromCache: true,
            DateTimeOffset.Parse(now),
            TestMarkets.Catalog().OfUser("NYSE")
        );

        using var answer = JsonDocument.Parse((byte[])[.. head[..length], .. entry[1..], (byte)'}']);

        var freshness = answer.RootElement.GetProperty("data").GetProperty("freshness");
        Assert.Equal(status, freshness.GetProperty("status").GetString());
        Assert.StartsWith(reason, freshness.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_Miss_AnswersFromDatabaseAndRepairsBothKeys()
    {
        var (userId, token) = await _app.Database.SignInAsync();
        var entry = TestResults.Entry(userId);
        await _app.Database.AddResultAsync(userId, entry);

        Assert.False(await FromCacheAsync(token));
        await Eventually.TrueAsync(async () => await _app.Cache.KeyExistsAsync(CacheKeys.Portfolio(userId)), "the entry is repaired");
        Assert.Equal(entry, (byte[]?)await _app.Cache.StringGetAsync(CacheKeys.Recommendations(userId)));
        Assert.Equal(TestResults.Portfolio(userId), (byte[]?)await _app.Cache.StringGetAsync(CacheKeys.Portfolio(userId)));
        foreach (var key in (string[])[CacheKeys.Recommendations(userId), CacheKeys.Portfolio(userId)])
        {
            Assert.InRange((await _app.Cache.KeyTimeToLiveAsync(key))!.Value.TotalSeconds, 86_000, 86_400);
        }
        Assert.True(await FromCacheAsync(token));
    }

    [Fact]
    public async Task Get_ThousandMissesAtOnce_AreOneQuery()
    {
        var (userId, token) = await _app.Database.SignInAsync();
        await _app.Database.AddResultAsync(userId, TestResults.Entry(userId));
        // A window as wide as the burst: what is tested is that all share, and not how fast this machine is.
        await using var own = fixture.Another(("Cache:LoadShared", "00:00:10"));
        (await own.GetAsync("/api/runs", token)).Dispose(); // signs in, and reads no result

        var responses = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => own.GetAsync("/api/dashboard", token)));
        Assert.All(responses, r => Assert.Equal(HttpStatusCode.OK, r.StatusCode));
        Assert.Equal(1, own.Queries.Count("select r.recommendations"));
        foreach (var response in responses)
            response.Dispose();
    }

    public static TheoryData<string> Damage => ["truncated", "flipped", "schema", "owner", "empty", "list", "text"];

    [Theory]
    [MemberData(nameof(Damage))]
    public async Task Get_EntryThatIsNotIntact_IsAMissAndIsRepaired(string damage)
    {
        var (userId, token) = await _app.Database.SignInAsync();
        var entry = TestResults.Entry(userId);
        await _app.Database.AddResultAsync(userId, entry);
        var key = CacheKeys.Recommendations(userId);
        if (damage == "list")
            await _app.Cache.ListLeftPushAsync(key, "x");
        else
            await _app.Cache.StringSetAsync(key, Spoil(entry, damage));

        using var response = await _app.GetAsync("/api/dashboard", token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var answer = await JsonAsync(response);
        Assert.False(answer.RootElement.GetProperty("data").GetProperty("fromCache").GetBoolean());
        Assert.Equal(userId, answer.RootElement.GetProperty("data").GetProperty("userId").GetGuid());
        await Eventually.TrueAsync(async () => await IsStoredAsync(key, entry), "the entry is repaired");
        Assert.True(await FromCacheAsync(token));
    }

    [Fact]
    public async Task Get_AnotherUsersData_IsOutOfReach()
    {
        var (first, firstToken) = await _app.Database.SignInAsync();
        var (second, secondToken) = await _app.Database.SignInAsync();
        foreach (var user in (Guid[])[first, second])
        {
            await _app.Database.AddResultAsync(user, TestResults.Entry(user));
            await _app.Cache.StringSetAsync(CacheKeys.Recommendations(user), TestResults.Entry(user));
        }
        Assert.Equal(first, await UserOfAsync(await _app.GetAsync("/api/dashboard", firstToken)));
        foreach (var query in (string[])[$"userId={second}", $"user_id={second}&id={second}"])
        {
            using var named = await _app.GetAsync($"/api/dashboard?{query}", firstToken);
            Assert.Equal(HttpStatusCode.BadRequest, named.StatusCode);
        }
        Assert.Equal(second, await UserOfAsync(await _app.GetAsync("/api/dashboard", secondToken)));
        using var byPath = await _app.GetAsync($"/api/dashboard/{second}", firstToken);
        Assert.Equal(HttpStatusCode.NotFound, byPath.StatusCode);
    }

    [Theory]
    [InlineData("never_computed")]
    [InlineData("portfolio_empty")]
    [InlineData("failed")]
    [InlineData("unreadable")]
    public async Task Get_NoResultToShow_Is404WithItsReason(string reason)
    {
        var (userId, token) = await _app.Database.SignInAsync();
        if (reason != "portfolio_empty")
            await AddHoldingAsync(userId);
        if (reason == "failed")
            await AddFailureAsync(userId);
        if (reason == "unreadable")
            await _app.Database.AddResultAsync(userId, Spoil(TestResults.Entry(userId), "schema"));

        using var response = await _app.GetAsync("/api/dashboard", token);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = await JsonAsync(response);
        Assert.Equal(reason, problem.RootElement.GetProperty("reason").GetString());
        Assert.NotEmpty(problem.RootElement.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.RootElement.GetProperty("detail").GetString()!);
        if (reason != "failed")
            return;
        Assert.Equal("score", problem.RootElement.GetProperty("stage").GetString());
        Assert.Equal("missing_exchange_rate", problem.RootElement.GetProperty("failure").GetString());
    }

    private async Task<bool> IsStoredAsync(string key, byte[] entry)
    {
        if (await _app.Cache.KeyTypeAsync(key) != RedisType.String)
            return false;
        byte[]? value = await _app.Cache.StringGetAsync(key);
        return entry.AsSpan().SequenceEqual(value);
    }

    private async Task<bool> FromCacheAsync(string token)
    {
        using var response = await _app.GetAsync("/api/dashboard", token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var answer = await JsonAsync(response);
        return answer.RootElement.GetProperty("data").GetProperty("fromCache").GetBoolean();
    }

    private static async Task<Guid> UserOfAsync(HttpResponseMessage response)
    {
        using (response)
        {
            using var answer = await JsonAsync(response);
            return answer.RootElement.GetProperty("data").GetProperty("userId").GetGuid();
        }
    }

    private static async Task<JsonDocument> JsonAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());

    private static byte[] Spoil(byte[] entry, string damage) =>
        damage switch
        {
            "truncated" => entry[..^1],
            "flipped" => [.. entry[..200], (byte)(entry[200] ^ 1), .. entry[201..]],
            "schema" => TestResults.OfAnotherShape(entry),
            "owner" => TestResults.Entry(Guid.CreateVersion7()),
            "empty" => [],
            _ => "not even JSON"u8.ToArray(),
        };

    private async Task AddHoldingAsync(Guid userId)
    {
        var asset = Guid.CreateVersion7();
        await _app.Database.ExecuteAsync(
            "insert into assets (id, market, symbol, name, currency) values ($1, 'NYSE', $2, 'Test asset', 'USD')",
            asset,
            $"T{asset:N}"[..20].ToUpperInvariant()
        );
        await _app.Database.ExecuteAsync("insert into portfolios (user_id) values ($1)", userId);
        await _app.Database.ExecuteAsync("insert into holdings (user_id, asset_id, quantity) values ($1, $2, 1)", userId, asset);
    }

    private async Task AddFailureAsync(Guid userId)
    {
        var run = Guid.CreateVersion7();
        await _app.Database.ExecuteAsync(
            """
            insert into overnight_job_runs (id, job_type, market, business_date, revision, trigger, started_at, correlation_id)
            values ($1, 'recommendations', 'NYSE', '2026-11-20', null, 'manual', now(), $1)
            """,
            run
        );
        await _app.Database.ExecuteAsync(
            "insert into run_failures values ($1, $2, 'score', 'missing_exchange_rate', null, now())",
            run,
            userId
        );
    }
}
