using Microsoft.Extensions.DependencyInjection;
using Overnight.Core.Auditing;
using Overnight.Core.Market;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;

namespace Overnight.Tests.Pipeline;

/// <summary>A run whose parts a test does one by one.</summary>
internal static class PlannedRuns
{
    public const string LockBatch = "select from run_batches where run_id = $1 and number = $2 for share";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<PipelineRun> StartAsync(this PipelineFixture night) =>
        (await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, Ct)).Run;

    /// <summary>A new run with its batches, none of them begun.</summary>
    public static async Task<RunContext> PlanAsync(this PipelineFixture night)
    {
        var run = await night.StartAsync();
        Assert.True(await night.Services.GetRequiredService<RunPlanner>().TryPlanAsync(run, Ct));
        run = (await night.Runs.FindAsync(run.Id, Ct))!;
        var snapshot = run.SnapshotId!.Value;
        MarketSnapshotHeader header = new(snapshot, run.Market, run.BusinessDate, run.StartedAt, null, null);
        var payload = await night.ScalarAsync<byte[]>("select payload from market_snapshots where id = $1", Ct, snapshot);
        return new(run, MarketSnapshotCodec.Decode(header, payload));
    }

    public static BatchWorker Worker(this PipelineFixture night, RunContext context) =>
        ActivatorUtilities.CreateInstance<BatchWorker>(night.Services, context);

    /// <summary>As it is in the memory of the worker that has just committed it.</summary>
    public static async Task<List<UserResult>> ComputedAsync(this PipelineFixture night, Guid run, int batch)
    {
        await using var command = night.Database.CreateCommand(
            "select user_id, generated_at, recommendations, portfolio from calculation_results where run_id = $1 and batch = $2 order by user_id"
        );
        command.Parameters.Add(new() { Value = run });
        command.Parameters.Add(new() { Value = batch });
        await using var reader = await command.ExecuteReaderAsync(Ct);
        List<UserResult> results = [];
        while (await reader.ReadAsync(Ct))
            results.Add(
                new(
                    reader.GetGuid(0),
                    reader.GetFieldValue<DateTimeOffset>(1),
                    reader.GetFieldValue<byte[]>(2),
                    reader.GetFieldValue<byte[]>(3),
                    [],
                    [],
                    [],
                    [],
                    []
                )
            );
        return results;
    }
}
