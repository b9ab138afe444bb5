using System.Net;
using System.Net.Http.Headers;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Runs;

public sealed class RunRetryRouteTests(TestServers servers)
{
    private static readonly DateTimeOffset Start = new(2026, 11, 20, 3, 0, 0, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Retry_OfARunWithFailures_StartsTheNextRevision_AndOnceMoreIs409()
    {
        await using var app = await AppAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        var failed = await AddRunAsync(app, failures: 2);

        using var started = await PostAsync(app, $"/api/runs/{failed}/retry", token);
        using var again = await PostAsync(app, $"/api/runs/{failed}/retry", token);

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Conflict), (started.StatusCode, again.StatusCode));
        var run = await started.JsonAsync();
        Assert.Equal(
            (2, "retry", "started"),
            (run.GetProperty("revision").GetInt32(), run.GetProperty("trigger").GetString(), run.GetProperty("status").GetString())
        );
        Assert.Equal($"/api/runs/{run.GetProperty("id").GetString()}", started.Headers.Location?.OriginalString);
        Assert.Contains("under way", (await again.JsonAsync()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retry_OfARunWithoutFailures_Is200WithThatRun()
    {
        await using var app = await AppAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        var completed = await AddRunAsync(app, failures: 0);

        using var answer = await PostAsync(app, $"/api/runs/{completed}/retry", token);

        Assert.Equal((HttpStatusCode.OK, completed), (answer.StatusCode, (await answer.JsonAsync()).GetProperty("id").GetGuid()));
    }

    [Fact]
    public async Task Retry_OfARunUnderWay_Is409_AndOfNone404()
    {
        await using var app = await AppAsync();
        var (_, token) = await app.Database.SignInAsync("admin");

        using var latestOfNone = await PostAsync(app, "/api/runs/latest/retry", token);
        var underWay = await AddRunAsync(app, failures: 1, finished: false);
        using var early = await PostAsync(app, $"/api/runs/{underWay}/retry", token);
        using var unknown = await PostAsync(app, $"/api/runs/{Guid.CreateVersion7()}/retry", token);

        HttpResponseMessage[] answers = [latestOfNone, early, unknown];
        Assert.Equal(
            [HttpStatusCode.NotFound, HttpStatusCode.Conflict, HttpStatusCode.NotFound],
            answers.Select(answer => answer.StatusCode)
        );
        Assert.All(answers, answer => Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task RetryLatest_FiredOnEveryReplica_IsOneRun()
    {
        await using var app = await AppAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        await AddRunAsync(app, failures: 1);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => PostAsync(app, "/api/runs/latest/retry", token)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Accepted);
        Assert.Equal(9, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Retry_ByOthers_Is401Or403()
    {
        await using var app = await AppAsync();
        var (_, token) = await app.Database.SignInAsync();

        using var nobody = await PostAsync(app, "/api/runs/latest/retry", null);
        using var notAdmin = await PostAsync(app, "/api/runs/latest/retry", token);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden), (nobody.StatusCode, notAdmin.StatusCode));
    }

    private async Task<ApiApp> AppAsync() => new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));

    private static async Task<Guid> AddRunAsync(ApiApp app, int failures, bool finished = true)
    {
        var id = Guid.CreateVersion7(Start);
        var status =
            !finished ? "started"
            : failures > 0 ? "partial"
            : "completed";
        await app.Database.ExecuteAsync(
            """
            insert into overnight_job_runs (id, job_type, status, market, business_date, revision, trigger, started_at, planned_at, completed_at, correlation_id)
            values ($1, 'scoring', $2, 'NYSE', '2026-11-20', 1, 'schedule', $3, $3, $4, $5)
            """,
            id,
            status,
            Start,
            finished ? Start.AddMinutes(1) : DBNull.Value,
            Guid.CreateVersion7()
        );
        for (var user = 0; user < failures; user++)
        {
            await app.Database.ExecuteAsync(
                "insert into run_failures (run_id, user_id, stage, reason, occurred_at) values ($1, $2, 'score', 'unexpected', $3)",
                id,
                Guid.CreateVersion7(),
                Start
            );
        }
        return id;
    }

    private static async Task<HttpResponseMessage> PostAsync(ApiApp app, string path, string? token)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await app.Http.SendAsync(request, Ct);
    }
}
