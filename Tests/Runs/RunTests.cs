using System.Net;
using System.Text.Json;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Runs;

public sealed class RunTests(TestServers servers)
{
    private static readonly DateTimeOffset Start = new(2026, 11, 20, 3, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task List_PageByPage_GivesEveryRunOnceNewestFirst()
    {
        await using var app = await AppAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        // Three at each moment, so that a page ends between runs of the same time.
        List<Guid> expected = [];
        for (var i = 0; i < 9; i++)
            expected.Add(await AddRunAsync(app, Start.AddMinutes(i / 3)));

        List<Guid> seen = [];
        List<DateTimeOffset> times = [];
        string? cursor = null;
        do
        {
            using var page = await JsonAsync(app, $"/api/runs?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}", token);
            var items = page.RootElement.GetProperty("items");
            Assert.InRange(items.GetArrayLength(), 1, 2);
            seen.AddRange(items.EnumerateArray().Select(r => r.GetProperty("id").GetGuid()));
            times.AddRange(items.EnumerateArray().Select(r => r.GetProperty("startedAt").GetDateTimeOffset()));
            cursor = page.RootElement.GetProperty("nextCursor").GetString();
        } while (cursor is not null);
        Assert.Equal(expected.Order(), seen.Order());
        Assert.Equal(times.OrderDescending(), times);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=201", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("limit=", "limit")]
    [InlineData("limit=99999999999", "limit")]
    [InlineData("limit=5&limit=6", "limit")]
    [InlineData("cursor=x", "cursor")]
    [InlineData("cursor=", "cursor")]
    [InlineData("cursor=%00%00", "cursor")]
    [InlineData("cursor=________________________________", "cursor")]
    [InlineData("limit=0&cursor=x", "cursor")]
    public async Task List_BadPage_Is400ByField(string query, string field)
    {
        await using var app = await AppAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        using var response = await app.GetAsync($"/api/runs?{query}", token);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        Assert.NotEmpty(problem.RootElement.GetProperty("errors").GetProperty(field).EnumerateArray());
    }

    [Fact]
    public async Task Get_FinishedRun_ShowsMetricsFailuresAndBatches()
    {
        await using var app = await AppAsync();
        var (userId, token) = await app.Database.SignInAsync("admin");
        var run = await AddRunAsync(
            app,
            Start,
            metrics: """{"steps":{"fetch_rates_ms":12},"assets":503}""",
            errors: """{"step":"score"}"""
        );
        await app.Database.ExecuteAsync(
            """
            insert into run_batches (run_id, number, first_user, last_user, size, status, completed_at, cached_at) values
                ($1, 1, $2, $2, 500, 'done', now(), now()),
                ($1, 2, $2, $2, 500, 'done', now(), null),
                ($1, 3, $2, $2, 500, 'split', null, null)
            """,
            run,
            userId
        );
        await app.Database.ExecuteAsync("insert into run_failures values ($1, $2, 'load', 'missing_price', 'AAPL', now())", run, userId);

        using var answer = await JsonAsync(app, $"/api/runs/{run}", token);
        var detail = answer.RootElement;
        Assert.Equal("partial", detail.GetProperty("status").GetString());
        Assert.Equal(90_000, detail.GetProperty("durationMs").GetInt64());
        Assert.Equal(12, detail.GetProperty("metrics").GetProperty("steps").GetProperty("fetch_rates_ms").GetInt32());
        Assert.Equal("score", detail.GetProperty("errorDetails").GetProperty("step").GetString());
        Assert.Equal(
            (2, 2, 1),
            (
                detail.GetProperty("batches").GetProperty("total").GetInt32(),
                detail.GetProperty("batches").GetProperty("done").GetInt32(),
                detail.GetProperty("batches").GetProperty("cached").GetInt32()
            )
        );
        var failure = Assert.Single(detail.GetProperty("failures").GetProperty("items").EnumerateArray());
        Assert.Equal("missing_price", failure.GetProperty("reason").GetString());
        Assert.Equal($"/api/runs/{run}", detail.GetProperty("links").GetProperty("self").GetString());
    }

    [Fact]
    public async Task Get_ManyFailures_ShowsTheFirstHundredAndHowMany()
    {
        await using var app = await AppAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        var run = await AddRunAsync(app, Start);
        await app.Database.ExecuteAsync(
            "insert into run_failures select $1, gen_random_uuid(), 'score', 'x', null, now() from generate_series(1, 150)",
            run
        );
        using var answer = await JsonAsync(app, $"/api/runs/{run}", token);
        Assert.Equal(100, answer.RootElement.GetProperty("failures").GetProperty("items").GetArrayLength());
        Assert.Equal(150, answer.RootElement.GetProperty("failures").GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Runs_OfAUserOrNobody_Are403And401()
    {
        await using var app = await AppAsync();
        var (_, token) = await app.Database.SignInAsync();
        foreach (var path in (string[])["/api/runs", $"/api/runs/{Guid.CreateVersion7()}", "/api/runs?limit=0"])
        {
            await ProblemAsync(app, path, token, HttpStatusCode.Forbidden);
            await ProblemAsync(app, path, null, HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task Get_RunThatIsNotThere_Is404AndOneThatCanNotBe400()
    {
        await using var app = await AppAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        await ProblemAsync(app, $"/api/runs/{Guid.CreateVersion7()}", token, HttpStatusCode.NotFound);
        await ProblemAsync(app, "/api/runs/latest", token, HttpStatusCode.BadRequest);
    }

    private async Task<ApiApp> AppAsync() =>
        new(
            await servers.CreateDatabaseAsync(TestContext.Current.CancellationToken),
            await servers.CacheConnectionStringAsync(TestContext.Current.CancellationToken)
        );

    private static async Task<Guid> AddRunAsync(ApiApp app, DateTimeOffset started, string? metrics = null, string? errors = null)
    {
        var id = Guid.CreateVersion7();
        await app.Database.ExecuteAsync(
            """
            insert into overnight_job_runs (id, job_type, status, trigger, started_at, completed_at, users_total, users_processed,
                users_failed, correlation_id, metrics, error_details)
            values ($1, 'cache-warm', 'partial', 'manual', $2, $3, 1000, 999, 1, $1, $4::json, $5::json)
            """,
            id,
            started.UtcDateTime,
            started.AddSeconds(90).UtcDateTime,
            (object?)metrics ?? DBNull.Value,
            (object?)errors ?? DBNull.Value
        );
        return id;
    }

    private static async Task<JsonDocument> JsonAsync(ApiApp app, string path, string token)
    {
        using var response = await app.GetAsync(path, token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
    }

    private static async Task ProblemAsync(ApiApp app, string path, string? token, HttpStatusCode status)
    {
        using var response = await app.GetAsync(path, token);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }
}
