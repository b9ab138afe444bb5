using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Flags;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Warming;

/// <summary>SPEC F3: POST /api/admin/cache/warm.</summary>
public sealed class WarmRequestTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Post_F3_ByAnAdmin_WarmsAndSaysHowMuchInWhatTime()
    {
        var (_, admin) = await _app.Database.SignInAsync("admin");
        var (user, _) = await _app.Database.SignInAsync();
        await _app.Database.AddResultAsync(user, TestResults.Entry(user));

        using var answer = await PostAsync(admin, """{"sets":["recommendations"]}""");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var body = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.True(body.GetProperty("warmed").GetInt64() >= 1);
        Assert.True(body.GetProperty("duration").GetInt64() >= 0);
        Assert.Equal(
            ("recommendations", "completed"),
            (body.GetProperty("sets")[0].GetProperty("set").GetString(), body.GetProperty("sets")[0].GetProperty("status").GetString())
        );
        Assert.True(await _app.Cache.KeyExistsAsync(CacheKeys.Recommendations(user)));
    }

    /// <summary>SPEC F3: some flags only.</summary>
    [Fact]
    public async Task Post_F3_WithFlagKeys_WarmsTheseAndNoOthers()
    {
        var (_, admin) = await _app.Database.SignInAsync("admin");
        var (one, other) = ($"warm.{Guid.CreateVersion7():N}", $"warm.{Guid.CreateVersion7():N}");
        foreach (var key in (string[])[one, other])
            await _app.Database.AddFlagAsync("development", key);

        using var answer = await PostAsync(admin, $$"""{"flagKeys":["{{one}}","nobody.has-this"]}""");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var body = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal((1, "flags"), (body.GetProperty("warmed").GetInt64(), body.GetProperty("sets")[0].GetProperty("set").GetString()));
        Assert.True(body.GetProperty("duration").GetInt64() >= 0);
        Assert.True(await _app.Cache.KeyExistsAsync(CacheKeys.Flag("development", one)));
        Assert.False(await _app.Cache.KeyExistsAsync(CacheKeys.Flag("development", other)));
    }

    [Fact]
    public async Task Post_F3_ByOthers_Is401Or403()
    {
        var (_, user) = await _app.Database.SignInAsync();
        using var nobody = await PostAsync(null, "");
        using var notAdmin = await PostAsync(user, "");
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden), (nobody.StatusCode, notAdmin.StatusCode));
    }

    [Fact]
    public async Task Post_WithTheCacheAway_Is503()
    {
        await using ApiApp app = new(fixture.DatabaseConnection, "127.0.0.1:1");
        var (_, admin) = await app.Database.SignInAsync("admin");

        using var answer = await Sessions.SignInHelp.PostAsync(app, "/api/admin/cache/warm", """{"sets":["flags"]}""", admin);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains(
            "The cache does not answer",
            (await answer.JsonAsync()).GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("""{"sets":["moon"]}""", "sets", "There is no warm set 'moon'. Known: ")]
    [InlineData("""{"sets":"sessions"}""", "sets", "must be a list")]
    [InlineData("""{"sets":[1]}""", "sets", "must be a list")]
    [InlineData("""{"count":0}""", "count", "from 1 on")]
    [InlineData("""{"set":"sessions"}""", "set", "is not known")]
    [InlineData("""{"flagKeys":[]}""", "flagKeys", "must be a list of keys")]
    [InlineData("""{"flagKeys":["a:b"]}""", "flagKeys", "a:b")]
    [InlineData("""{"flagKeys":[1]}""", "flagKeys", "must be a list of keys")]
    [InlineData("""{"flagKeys":["a"],"sets":["flags","sessions"]}""", "flagKeys", "belong to the set flags")]
    [InlineData("""{"sets":["\ud800"]}""", "sets", "surrogate")]
    [InlineData("""[]""", "body", "must be an object")]
    [InlineData("""{""", "body", "must be JSON")]
    public async Task Post_F3_ThatCannotBe_Is400ByField(string body, string field, string words)
    {
        var (_, admin) = await _app.Database.SignInAsync("admin");
        using var answer = await PostAsync(admin, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.Contains(words, Assert.Single(problem.GetProperty("errors").GetProperty(field).EnumerateArray()).GetString());
    }

    private async Task<HttpResponseMessage> PostAsync(string? token, string body)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/admin/cache/warm");
        if (body.Length > 0)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await _app.Http.SendAsync(request, Ct);
    }
}
