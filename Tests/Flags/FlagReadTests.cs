using System.Net;
using Microsoft.Extensions.Options;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Flags;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Flags;

/// <summary>SPEC F1: GET /api/config/flags/{key}.</summary>
public sealed class FlagReadTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Environment = "development";

    private readonly ApiApp _app = fixture.App;
    private readonly string _key = TestFlags.NewKey();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_F1_ReadsThroughTheCacheAndSaysHowOldItIs()
    {
        var (_, token) = await _app.Database.SignInAsync();
        await _app.Database.AddFlagAsync(Environment, _key, value: """{"percent": 20}""");

        var first = await _app.FlagAsync(_key, token);
        Assert.Equal(
            (_key, true, 20, 1, "database", false),
            (
                first.GetProperty("key").GetString(),
                first.GetProperty("enabled").GetBoolean(),
                first.GetProperty("value").GetProperty("percent").GetInt32(),
                first.GetProperty("version").GetInt32(),
                first.GetProperty("source").GetString(),
                first.GetProperty("stale").GetBoolean()
            )
        );
        Assert.InRange((await _app.Cache.KeyTimeToLiveAsync($"feature_flags:{Environment}:{_key}"))!.Value.TotalSeconds, 200, 300);

        await using var other = fixture.Another();
        using var second = await other.GetAsync($"/api/config/flags/{_key}", token, Ct);
        var body = await second.JsonAsync();
        Assert.Equal("cache", body.GetProperty("source").GetString());
        Assert.True(body.GetProperty("age").GetInt64() >= 0);
        Assert.NotNull(second.Headers.Age);
        Assert.True(second.Headers.CacheControl is { NoStore: true });
        Assert.Equal(0, other.Queries.Count("feature_flags"));
    }

    [Fact]
    public async Task Get_OfAnotherEnvironment_Is404()
    {
        var (_, token) = await _app.Database.SignInAsync();
        await _app.Database.AddFlagAsync("production", _key);
        using var missing = await _app.GetAsync($"/api/config/flags/{_key}", token, Ct);
        using var named = await _app.GetAsync($"/api/config/flags/{_key}?environment=production", token, Ct);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.BadRequest), (missing.StatusCode, named.StatusCode));
        Assert.Contains(_key, (await missing.JsonAsync()).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("environment is not known", (await named.JsonAsync()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("production:x", "production:x")]
    [InlineData("*", "'*'")]
    [InlineData("a%20b", "'a b'")]
    [InlineData("%C3%A9", "é")]
    [InlineData("a%2F..%2Fb", "a%2F..%2Fb")]
    [InlineData("a%0Ab", "key")]
    [InlineData("-a", "'-a'")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "'aaa")]
    public async Task Get_KeyThatIsNone_Is400NamingFieldAndValue(string key, string named)
    {
        var (_, token) = await _app.Database.SignInAsync();
        using var answer = await _app.GetAsync($"/api/config/flags/{key}", token, Ct);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = Assert.Single((await answer.JsonAsync()).GetProperty("errors").GetProperty("key").EnumerateArray()).GetString();
        if (named != "key")
            Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_WithoutASession_Is401()
    {
        using var answer = await _app.GetAsync($"/api/config/flags/{_key}", null, Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    /// <summary>SPEC F2: tracking costs nothing per request; counted in memory, written in one statement.</summary>
    [Fact]
    public async Task Get_F2_IsCountedInMemoryAndFlushedInOneStatement()
    {
        await using var node = fixture.Another(("Flags:FlushInterval", "01:00:00"), ("Flags:Environment", TestFlags.NewEnvironment()));
        var environment = node.Get<IOptions<FlagOptions>>().Value.Environment;
        var (_, token) = await node.Database.SignInAsync();
        string[] keys = [_key + ".a", _key + ".b"];
        foreach (var key in keys)
            await node.Database.AddFlagAsync(environment, key);

        for (var i = 0; i < 5; i++)
            await node.FlagAsync(keys[0], token);
        await node.FlagAsync(keys[1], token);
        using (var missing = await node.GetAsync($"/api/config/flags/{_key}.c", token, Ct))
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal(0, node.Queries.Count("update feature_flags"));

        Assert.Equal(2, await node.Get<FlagUsageCounter>().FlushAsync(Ct));
        Assert.Equal(0, await node.Get<FlagUsageCounter>().FlushAsync(Ct));
        Assert.Equal(1, node.Queries.Count("update feature_flags"));
        var flags = await node.Get<FlagStore>().ListAsync("", 10, Ct);
        Assert.Equal([(keys[0], 5L), (keys[1], 1L)], flags.Select(flag => (flag.Key, flag.AccessCount)));
        Assert.All(flags, flag => Assert.NotNull(flag.LastAccessedAt));
    }

    [Theory]
    [InlineData(
        "Production!",
        "Flags:Environment must be 1 to 40 lowercase letters, digits, hyphens and underscores, and is 'Production!'."
    )]
    [InlineData("", "Flags:Environment must be")]
    public void Options_EnvironmentThatIsNone_NamesKeyBoundAndValue(string environment, string words)
    {
        var failure = Assert.Single(
            new SectionValidator<FlagOptions>(FlagOptions.Section).Validate(null, new() { Environment = environment }).Failures!
        );
        Assert.Contains(words, failure, StringComparison.Ordinal);
        Assert.Equal($"feature_flags:{Environment}:a%2Ab", CacheKeys.Flag(Environment, "a*b"));
    }
}
