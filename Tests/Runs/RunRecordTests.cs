using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Runs;

/// <summary>SPEC A7: what a run leaves in metrics and error_details.</summary>
public sealed class RunRecordTests(TestServers servers)
{
    private static readonly string[] Timings =
    [
        "set_up_ms",
        "fetch_rates_ms",
        "fetch_prices_ms",
        "process_users_ms",
        "work_ms",
        "cache_warm_ms",
        "finalise_ms",
        "total_ms",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_Partial_HasTimingsCountsAndReasons()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 12, Ct);
        await night.ExecuteAsync(
            "update portfolios set criteria_version = null where user_id in (select id from users where role = 'user' order by id limit 2)",
            Ct
        );

        var run = await night.RunAsync(Ct);

        var metrics = await JsonAsync(night, "metrics", run.Id);
        Assert.All(Timings, name => Assert.True(metrics.GetProperty(name).GetDouble() >= 0, name));
        Assert.True(metrics.GetProperty("total_ms").GetDouble() >= metrics.GetProperty("set_up_ms").GetDouble());
        Assert.Equal((12, 10, 2), (Number(metrics, "users_total"), Number(metrics, "users_success"), Number(metrics, "users_failed")));
        Assert.Equal((10, 1, 0), (Number(metrics, "users_cached"), Number(metrics, "batches"), Number(metrics, "batches_split")));
        Assert.True(Number(metrics, "assets") > 0 && Number(metrics, "assets_scored") > 0);
        var failure = Assert.Single((await JsonAsync(night, "error_details", run.Id)).GetProperty("failures").EnumerateArray());
        Assert.Equal(
            ("load", "no_criteria", 2),
            (failure.GetProperty("stage").GetString(), failure.GetProperty("reason").GetString(), Number(failure, "users"))
        );
    }

    [Fact]
    public async Task Run_WhoseStepFailedForGood_SaysWhichAndKeepsWhatWasNotedBefore()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct);
        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, again: false, Ct);
        await night.ExecuteAsync(
            "update overnight_job_runs set error_details = '{\"provider\":\"refused\"}', metrics = '{\"fetch_rates_ms\":7,\"attempts\":3}' where id = $1",
            Ct,
            run.Id
        );

        await night.Services.GetRequiredService<RunFinaliser>().FailAsync(run, "plan", new InvalidOperationException("no prices"), Ct);

        var (errors, metrics) = (await JsonAsync(night, "error_details", run.Id), await JsonAsync(night, "metrics", run.Id));
        Assert.Equal(
            ("plan", "no prices", "refused"),
            (errors.GetProperty("step").GetString(), errors.GetProperty("message").GetString(), errors.GetProperty("provider").GetString())
        );
        Assert.Equal((7, 3, 0), (Number(metrics, "fetch_rates_ms"), Number(metrics, "attempts"), Number(metrics, "users_total")));
        Assert.Equal("failed", (await night.Runs.FindAsync(run.Id, Ct))!.Status);
    }

    private static int Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static async Task<JsonElement> JsonAsync(PipelineFixture night, string column, Guid run)
    {
        using var document = JsonDocument.Parse(
            await night.ScalarAsync<string>($"select {column}::text from overnight_job_runs where id = $1", Ct, run)
        );
        return document.RootElement.Clone();
    }
}
