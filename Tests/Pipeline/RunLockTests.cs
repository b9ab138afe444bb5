using Microsoft.Extensions.DependencyInjection;
using Overnight.Jobs.Pipeline;
using Overnight.Jobs.Providers;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A2, A4: the lock of a run's row, and what a session that freezes holds its locks for.</summary>
public sealed class RunLockTests(TestServers servers)
{
    private const string LockRun = "select from overnight_job_runs where id = $1 for share";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A4_Planner_LeavesARunThatAnotherPlansWithoutWaiting()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct);
        var run = await night.StartAsync();
        var planner = night.Services.GetRequiredService<RunPlanner>();

        await using (var held = await HeldLock.TakeAsync(night.Database, LockRun, run.Id))
            Assert.False(await held.NobodyWaitsAsync(planner.TryPlanAsync(run, Ct)));
        Assert.Equal(0, await night.ScalarAsync<long>("select count(*) from run_batches", Ct));

        Assert.True(await planner.TryPlanAsync(run, Ct));
        Assert.Equal(1, await night.ScalarAsync<long>("select count(*) from run_batches", Ct));
    }

    /// <summary>Of two replicas that see the last batch done one ends the run, and the other hears that it is ended.</summary>
    [Fact]
    public async Task A4_End_WaitsForAnotherAndIsTheirs()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct);
        var context = await night.PlanAsync();
        Assert.True(await night.Worker(context).TryWorkAsync(Ct));
        await using var held = await HeldLock.TakeAsync(
            night.Database,
            "update overnight_job_runs set status = 'completed', completed_at = now(), users_processed = 7 where id = $1",
            context.Run.Id
        );

        var finishing = night.Services.GetRequiredService<RunFinaliser>().TryFinishAsync(context.Run, Ct);
        var waiter = await held.WaiterAsync(finishing);
        await held.CommitAsync();

        Assert.Contains("overnight_job_runs RowShareLock", waiter.Locks);
        Assert.True(await finishing);
        Assert.Equal(7, await night.ScalarAsync<int>("select users_processed from overnight_job_runs where id = $1", Ct, context.Run.Id));
    }

    /// <summary>The totals and the seal of a run that fails have what others are about to commit.</summary>
    [Fact]
    public async Task A4_Failure_WaitsForABatchThatAnotherHolds()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct);
        var context = await night.PlanAsync();
        await using var held = await HeldLock.TakeAsync(
            night.Database,
            "select from run_batches where run_id = $1 for no key update",
            context.Run.Id
        );

        var failing = night
            .Services.GetRequiredService<RunFinaliser>()
            .FailAsync(context.Run, "batch", new InvalidOperationException("Full."), Ct);
        var waiter = await held.WaiterAsync(failing);
        Assert.Equal(0, await night.ScalarAsync<long>("select count(*) from overnight_job_runs where status = 'failed'", Ct));
        await held.CommitAsync();
        await failing;

        Assert.Contains("run_batches RowShareLock", waiter.Locks);
        Assert.Equal(1, await night.ScalarAsync<long>("select count(*) from overnight_job_runs where status = 'failed'", Ct));
    }

    /// <summary>Read where they count, in the transactions that hold rows: those of the plan, of a batch, and of its cache write.</summary>
    [Theory]
    [InlineData(null, 60)]
    [InlineData("00:00:17", 17)]
    public async Task A4_SessionThatFreezes_LosesItsRowsAfterAWhile(string? configured, int seconds)
    {
        await using var night = await PipelineFixture.CreateAsync(
            servers,
            20,
            Ct,
            settings: configured is null ? null : new Dictionary<string, string?> { ["Night:IdleInTransactionTimeout"] = configured }
        );
        await night.ExecuteAsync(
            """
            create table limits (of text, idle text, wait text);
            create function see() returns trigger language plpgsql as $$
            begin
                insert into limits select tg_argv[0], i.setting, l.setting from pg_settings i, pg_settings l
                where i.name = 'idle_in_transaction_session_timeout' and l.name = 'lock_timeout';
                return new;
            end $$;
            create trigger of_plan before update on overnight_job_runs for each row
                when (old.planned_at is null and new.planned_at is not null) execute function see('plan');
            create trigger of_batch before update on run_batches for each row
                when (old.status <> 'done' and new.status = 'done') execute function see('batch');
            create trigger of_cache before update on run_batches for each row
                when (old.cached_at is null and new.cached_at is not null) execute function see('cache');
            create trigger of_end before update on overnight_job_runs for each row
                when (old.completed_at is null and new.completed_at is not null) execute function see('end')
            """,
            Ct
        );

        Assert.Equal("completed", (await night.RunAsync(Ct)).Status);

        var plan = (night.Services.GetRequiredService<MarketFeed>().Longest + TimeSpan.FromSeconds(seconds)).TotalMilliseconds;
        Assert.Equal(
            $"batch {seconds * 1000} 20000, cache 40000 20000, end 40000 20000, plan {plan:F0} 20000",
            await night.ScalarAsync<string>("select string_agg(distinct concat_ws(' ', of, idle, wait), ', ') from limits", Ct)
        );
    }
}
