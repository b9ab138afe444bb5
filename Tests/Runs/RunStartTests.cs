using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Runs;

public sealed class RunStartTests(TestServers servers)
{
    /// <summary>A Monday before New York's open.</summary>
    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Post_ByAnAdmin_StartsARunAndThenJoinsIt()
    {
        await using var app = await AppAsync();
        var token = await AdminAsync(app);

        using var started = await PostAsync(app, token, """{"market":"TSE"}""");
        using var joined = await PostAsync(app, token, """{"market":"TSE","date":"2026-11-24","again":true}""");

        // Tokyo has a holiday on the 23rd.
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK), (started.StatusCode, joined.StatusCode));
        var run = await started.JsonAsync();
        Assert.Equal(
            ("TSE", "2026-11-24", 1, "api", "started"),
            (
                run.GetProperty("market").GetString(),
                run.GetProperty("businessDate").GetString(),
                run.GetProperty("revision").GetInt32(),
                run.GetProperty("trigger").GetString(),
                run.GetProperty("status").GetString()
            )
        );
        Assert.Equal($"/api/runs/{run.GetProperty("id").GetString()}", started.Headers.Location?.OriginalString);
        Assert.StartsWith("TSE has no active user", run.GetProperty("note").GetString(), StringComparison.Ordinal);
        Assert.Equal(run.GetProperty("id").GetString(), (await joined.JsonAsync()).GetProperty("id").GetString());
        using var opened = await app.GetAsync(started.Headers.Location!.OriginalString, token);
        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
    }

    [Theory]
    [InlineData("""{}""", HttpStatusCode.OK, 1)]
    [InlineData("""{"again":false}""", HttpStatusCode.OK, 1)]
    [InlineData("""{"again":true}""", HttpStatusCode.Accepted, 2)]
    public async Task Post_WhenTheNightIsDone_ShowsIt_AndAgainStartsTheNextRevision(string body, HttpStatusCode status, int revision)
    {
        await using var app = await AppAsync();
        var token = await AdminAsync(app);
        using var first = await PostAsync(app, token, "");
        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        await app.Database.ExecuteAsync("update overnight_job_runs set status = 'completed', completed_at = now()");

        using var second = await PostAsync(app, token, body);

        Assert.Equal((status, revision), (second.StatusCode, (await second.JsonAsync()).GetProperty("revision").GetInt32()));
    }

    [Fact]
    public async Task Post_ManyAtOnce_IsOneRun()
    {
        await using var app = await AppAsync();
        var token = await AdminAsync(app);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => PostAsync(app, token, """{"market":"LSE","again":true}""")));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Accepted);
        Assert.Equal(19, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.Single(
            (await Task.WhenAll(answers.Select(HttpAnswers.JsonAsync))).Select(run => run.GetProperty("id").GetString()).Distinct()
        );
    }

    [Theory]
    [InlineData("""{"market":"MARS"}""", "market", "Known: B3, LSE, NYSE, TSE, XETRA")]
    [InlineData("""{"market":""}""", "market", "There is no market ''")]
    [InlineData("""{"market":7}""", "market", "must be the code of a market, not 7")]
    [InlineData("""{"date":"2026-02-30"}""", "date", "yyyy-MM-dd")]
    [InlineData("""{"date":"2026-11-26"}""", "date", "no trading day of NYSE: Thanksgiving Day")]
    [InlineData("""{"date":"2026-11-28"}""", "date", "weekend")]
    [InlineData("""{"date":"1999-01-04"}""", "date", "must be between 2024-11-23")]
    [InlineData("""{"date":"2027-01-04"}""", "date", "and 2026-11-30")]
    [InlineData("""{"again":"yes"}""", "again", "must be true or false")]
    [InlineData("""{"markets":"NYSE"}""", "markets", "is not known")]
    [InlineData("""{"market":""", "body", "must be JSON")]
    [InlineData("""[]""", "body", "must be an object")]
    public async Task Post_ThatCannotBe_Is400ByField(string body, string field, string words)
    {
        await using var app = await AppAsync();
        using var answer = await PostAsync(app, await AdminAsync(app), body);

        Assert.Equal(
            (HttpStatusCode.BadRequest, "application/problem+json"),
            (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType)
        );
        var error = Assert.Single((await answer.JsonAsync()).GetProperty("errors").GetProperty(field).EnumerateArray());
        Assert.Contains(words, error.GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_TooLong_Is400()
    {
        await using var app = await AppAsync();
        using var answer = await PostAsync(app, await AdminAsync(app), $$"""{"market":"{{new string('A', 5000)}}"}""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.True((await answer.JsonAsync()).GetProperty("errors").TryGetProperty("body", out _));
    }

    [Fact]
    public async Task Post_ByOthers_Is401Or403_AndNotJsonIs415()
    {
        await using var app = await AppAsync();
        var user = await SignInAsync(app, "user");
        using var nobody = await PostAsync(app, null, "{}");
        using var notAdmin = await PostAsync(app, user, "{}");
        using var notJson = await PostAsync(app, await AdminAsync(app), "market=NYSE", "application/x-www-form-urlencoded");

        Assert.Equal(
            [HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.UnsupportedMediaType],
            ((HttpResponseMessage[])[nobody, notAdmin, notJson]).Select(answer => answer.StatusCode)
        );
        Assert.All((HttpResponseMessage[])[nobody, notAdmin, notJson], answer =>
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType)
        );
    }

    private async Task<ApiApp> AppAsync() =>
        new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct), new TestClock(Monday));

    private static Task<string> AdminAsync(ApiApp app) => SignInAsync(app, "admin");

    private static async Task<string> SignInAsync(ApiApp app, string role) =>
        await app.Database.AddSessionAsync(await app.Database.AddUserAsync(role), Monday.AddHours(1));

    private static async Task<HttpResponseMessage> PostAsync(ApiApp app, string? token, string body, string type = "application/json")
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/runs");
        if (body.Length > 0)
            request.Content = new StringContent(body, Encoding.UTF8, type);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await app.Http.SendAsync(request, Ct);
    }
}
