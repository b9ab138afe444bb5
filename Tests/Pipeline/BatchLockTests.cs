using Microsoft.Extensions.DependencyInjection;
using Overnight.Core.Caching;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A4, B6: the row locks of a night's batches, each held by the test while the night wants it.</summary>
public sealed class BatchLockTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A4_Worker_PassesOverABatchThatAnotherHolds()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct, batchSize: 10);
        var context = await night.PlanAsync();
        var worker = night.Worker(context);

        await using (var held = await HeldLock.TakeAsync(night.Database, PlannedRuns.LockBatch, context.Run.Id, 0))
        {
            Assert.True(await held.NobodyWaitsAsync(worker.TryWorkAsync(Ct)));
            Assert.Equal("pending done", await StatusAsync(night, context.Run.Id));
            Assert.False(await held.NobodyWaitsAsync(worker.TryWorkAsync(Ct)));
        }
        Assert.True(await worker.TryWorkAsync(Ct));
        Assert.Equal("done done", await StatusAsync(night, context.Run.Id));
    }

    /// <summary>A batch that ended its workers is split by one worker at a time, for the new numbers follow the highest.</summary>
    [Fact]
    public async Task A4_Split_WaitsForAnotherOfTheRun()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct);
        var context = await night.PlanAsync();
        await night.ExecuteAsync(
            "insert into batch_attempts (run_id, number, worker) select $1, 0, 'test' from generate_series(1, 3)",
            Ct,
            context.Run.Id
        );
        await using var held = await HeldLock.TakeAsync(
            night.Database,
            "select pg_advisory_xact_lock(hashtextextended($1::text, 0))",
            context.Run.Id
        );

        var splitting = night.Worker(context).TryWorkAsync(Ct);
        await held.WaiterAsync(splitting);
        Assert.Equal(1, await BatchesAsync(night, context.Run.Id));
        await held.RollbackAsync();

        Assert.True(await splitting);
        Assert.Equal(9, await BatchesAsync(night, context.Run.Id));
    }

    /// <summary>A batch that failed is split by whoever locks it again; one that another has done meanwhile is left alone.</summary>
    [Fact]
    public async Task A4_SplitOfAFailedBatch_WaitsForWhoeverTookItMeanwhile()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct);
        var context = await night.PlanAsync();
        var first = await night.ScalarAsync<Guid>("select first_user from run_batches where run_id = $1", Ct, context.Run.Id);
        var last = await night.ScalarAsync<Guid>("select last_user from run_batches where run_id = $1", Ct, context.Run.Id);
        await using var held = await HeldLock.TakeAsync(
            night.Database,
            "update run_batches set status = 'done', completed_at = now() where run_id = $1",
            context.Run.Id
        );

        var splitting = BatchSplitter.SplitFailedAsync(
            night.Database,
            context,
            new(0, first, last, 20, false, 0),
            BatchFailure.EndedWorker(3),
            TimeProvider.System,
            Ct
        );
        var waiter = await held.WaiterAsync(splitting);
        await held.CommitAsync();

        Assert.Contains("run_batches RowShareLock", waiter.Locks);
        Assert.True(await splitting);
        Assert.Equal("done", await StatusAsync(night, context.Run.Id));
    }

    /// <summary>What was just computed and what is stored alike: an older result never covers one that becomes current meanwhile.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task B6_CacheWriteOfABatch_WaitsForANewerResultAndLeavesItAlone(bool isJustComputed)
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct);
        var run = await DoneAndNotCachedAsync(night);
        var computed = await night.ComputedAsync(run.Id, 0);
        var user = computed[7].UserId;
        await using var held = await HeldLock.TakeAsync(
            night.Database,
            "update current_results set run_id = gen_random_uuid() where user_id = $1",
            user
        );

        await using var connection = await night.Database.OpenConnectionAsync(Ct);
        var writer = night.Services.GetRequiredService<BatchCacheWriter>();
        Task caching = isJustComputed ? writer.TryCacheAsync(connection, run, 0, computed, Ct) : writer.CacheNextAsync(run.Id, -1, Ct);
        var waiter = await held.WaiterAsync(caching);
        var cachedBefore = await CachedAsync(night, computed);
        await held.CommitAsync();
        await caching;

        Assert.Contains("current_results RowShareLock", waiter.Locks);
        Assert.Equal(0, cachedBefore);
        Assert.Equal(19, await CachedAsync(night, computed));
        Assert.Equal(0, await CachedAsync(night, [computed[7]]));
    }

    /// <summary>The worker that computed a batch and the end of its night do not write it both.</summary>
    [Fact]
    public async Task CacheWriteOfABatch_WaitsForAnotherOfIt()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct);
        var run = await DoneAndNotCachedAsync(night);
        var computed = await night.ComputedAsync(run.Id, 0);
        await using var held = await HeldLock.TakeAsync(
            night.Database,
            "update run_batches set cached_at = now() where run_id = $1",
            run.Id
        );

        await using var connection = await night.Database.OpenConnectionAsync(Ct);
        var caching = night.Services.GetRequiredService<BatchCacheWriter>().TryCacheAsync(connection, run, 0, computed, Ct);
        var waiter = await held.WaiterAsync(caching);
        await held.CommitAsync();

        Assert.True(await caching);
        Assert.Contains("run_batches RowShareLock", waiter.Locks);
        Assert.Equal(0, await CachedAsync(night, computed));
    }

    [Fact]
    public async Task CacheWriteOfTheRest_PassesOverABatchThatAnotherHolds()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct, batchSize: 10);
        var run = await DoneAndNotCachedAsync(night);
        var writer = night.Services.GetRequiredService<BatchCacheWriter>();

        await using var held = await HeldLock.TakeAsync(night.Database, PlannedRuns.LockBatch, run.Id, 0);

        Assert.Equal((1, 10), await held.NobodyWaitsAsync(writer.CacheNextAsync(run.Id, -1, Ct)));
        Assert.Null(await held.NobodyWaitsAsync(writer.CacheNextAsync(run.Id, -1, Ct)));
    }

    /// <summary>A night whose batches are stored and none of them cached.</summary>
    private static async Task<PipelineRun> DoneAndNotCachedAsync(PipelineFixture night)
    {
        var run = await night.RunAsync(Ct);
        foreach (var batch in (int[])[0, 1])
        {
            foreach (var result in await night.ComputedAsync(run.Id, batch))
                await night
                    .Services.GetRequiredService<CacheStore>()
                    .RemoveAsync([CacheKeys.Recommendations(result.UserId), CacheKeys.Portfolio(result.UserId)]);
        }
        await night.ExecuteAsync("update run_batches set cached_at = null", Ct);
        return run;
    }

    private static async Task<int> CachedAsync(PipelineFixture night, List<UserResult> results)
    {
        var store = night.Services.GetRequiredService<CacheStore>();
        var count = 0;
        foreach (var result in results)
            count += (await store.LookAsync(CacheKeys.Recommendations(result.UserId)))!.Value.Exists ? 1 : 0;
        return count;
    }

    private static Task<string> StatusAsync(PipelineFixture night, Guid run) =>
        night.ScalarAsync<string>("select string_agg(status, ' ' order by number) from run_batches where run_id = $1", Ct, run);

    private static Task<long> BatchesAsync(PipelineFixture night, Guid run) =>
        night.ScalarAsync<long>("select count(*) from run_batches where run_id = $1", Ct, run);
}
