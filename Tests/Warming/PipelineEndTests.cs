using System.Collections.Concurrent;
using System.Diagnostics;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Results;
using Overnight.Core.Runs;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using StackExchange.Redis;

namespace Overnight.Tests.Warming;

/// <summary>SPEC A3, A7, B3: at the end of a night exactly what is not cached is warmed, and recorded.</summary>
public sealed class PipelineEndTests(TestServers servers)
{
    private const string Rows = """
        select coalesce(string_agg(concat_ws(' ', status, users_total, users_processed, users_failed, metrics ->> 'set', metrics ->> 'entries', error_details ->> 'reason'), ', ' order by id), 'none')
        from overnight_job_runs where job_type = 'cache-warm' and trigger = 'pipeline-end' and correlation_id = $1
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Night_ThatCachedAllItself_HasOneRowThatSaysSo()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 60, Ct);

        var run = await night.RunAsync(Ct);
        await night.Participant.CacheRestAsync(run.Id, Ct);
        await using (var replica = night.Replica())
            await replica.Participant.CacheRestAsync(run.Id, Ct);

        Assert.Equal("completed 0 0 0 recommendations 0", await night.ScalarAsync<string>(Rows, Ct, run.CorrelationId));
        Assert.Equal(
            "60",
            await night.ScalarAsync<string>("select metrics ->> 'users_cached' from overnight_job_runs where id = $1", Ct, run.Id)
        );
    }

    [Fact]
    public async Task Night_ThatLeftSomeUncached_WarmsExactlyThoseInItsTrace()
    {
        var cache = await servers.StartCacheAsync(Ct);
        await using var night = await PipelineFixture.CreateAsync(servers, 300, Ct, cache.ConnectionString);
        ConcurrentQueue<Activity> told = new();
        using var listener = Listening(told);
        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, Ct);
        await night.Participant.WorkAsync(run, Ct);
        using var server = await ConnectionMultiplexer.ConnectAsync(cache.ConnectionString);
        await cache.AdministerAsync("FLUSHALL");
        await night.ExecuteAsync("update run_batches set cached_at = null where number in (1, 4)", Ct);

        Assert.Equal(100, await night.Participant.CacheRestAsync(run.Id, Ct));

        Assert.Equal("completed 100 100 0 recommendations 100", await night.ScalarAsync<string>(Rows, Ct, run.CorrelationId));
        Assert.Equal(0, await night.ScalarAsync<long>("select count(*) from run_batches where cached_at is null", Ct));
        Assert.Equal(200, (long)await server.GetDatabase().ExecuteAsync("DBSIZE"));
        await using var command = night.Database.CreateCommand(
            "select user_id, recommendations from calculation_results where batch in (1, 4)"
        );
        await using (var reader = await command.ExecuteReaderAsync(Ct))
        {
            while (await reader.ReadAsync(Ct))
                Assert.Equal(
                    reader.GetFieldValue<byte[]>(1),
                    (byte[]?)await server.GetDatabase().StringGetAsync(CacheKeys.Recommendations(reader.GetGuid(0)))
                );
        }
        var trace = run.Traceparent!.Split('-')[1];
        Assert.Equal(
            trace,
            (await night.ScalarAsync<string>("select traceparent from overnight_job_runs where trigger = 'pipeline-end'", Ct)).Split('-')[1]
        );
        var end = Assert.Single(told, span => span.OperationName == "pipeline-end" && span.TraceId.ToHexString() == trace);
        var set = Assert.Single(told, span => span.OperationName == "cache.warm.set" && span.ParentSpanId == end.SpanId);
        Assert.Equal(("pipeline-end", 100L), (set.GetTagItem("overnight.warm.trigger"), set.GetTagItem("overnight.warm.entries")));
        Assert.Equal(2, told.Count(span => span.OperationName == "cache-write" && span.ParentSpanId == set.SpanId));
    }

    [Fact]
    public async Task Night_WhileAnotherWarmIsUnderWay_LeavesItOrWaitsForIt()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 60, Ct);
        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, Ct);
        await night.Participant.WorkAsync(run, Ct);
        await night.ExecuteAsync("update run_batches set cached_at = null", Ct);
        Task<int> waiting;
        await using (await AdvisoryLock.TryTakeAsync(night.Database, AdvisoryLock.Warm, RecommendationWarmSet.SetName, Ct))
        {
            Assert.Equal(0, await night.Participant.CacheRestAsync(run.Id, Ct));
            Assert.Equal("none", await night.ScalarAsync<string>(Rows, Ct, run.CorrelationId));
            waiting = night.Participant.CacheRestAsync(run.Id, Ct, wait: true);
        }

        Assert.Equal(60, await waiting);
        Assert.Equal("completed 60 60 0 recommendations 60", await night.ScalarAsync<string>(Rows, Ct, run.CorrelationId));
    }

    [Fact]
    public async Task Night_WhoseCacheIsAway_IsRecordedWhenItIsBack()
    {
        var folder = await servers.CreateFolderAsync();
        var cache = await servers.StartCacheAsync(Ct, folder);
        await using var night = await PipelineFixture.CreateAsync(servers, 60, Ct, cache.ConnectionString);
        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, Ct);
        await night.Participant.WorkAsync(run, Ct);
        await night.ExecuteAsync("update run_batches set cached_at = null", Ct);
        cache.Kill();
        await night.Participant.CacheRestAsync(run.Id, Ct);
        // Before anyone noticed that the cache is gone, or after; nothing is done in either.
        Assert.Contains(
            await night.ScalarAsync<string>(Rows, Ct, run.CorrelationId),
            (string[])["none", "failed 0 0 0 recommendations 0"],
            new ByBeginning()
        );

        await servers.StartCacheAsync(Ct, folder, cache.Port);
        await Eventually.TrueAsync(async () => await night.Participant.CacheRestAsync(run.Id, Ct) == 60, "the cache is back");

        Assert.EndsWith("completed 60 60 0 recommendations 60", await night.ScalarAsync<string>(Rows, Ct, run.CorrelationId));
    }

    /// <summary>Jobs is killed between two batches of it; the next process goes on with the rest, and no batch is warmed twice.</summary>
    [Fact]
    public async Task Process_KilledAtTheEndOfANight_IsMadeUpForByTheNext()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 300, Ct);
        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, Ct);
        await night.Participant.WorkAsync(run, Ct);
        await night.ExecuteAsync("update run_batches set cached_at = null", Ct);
        (string, string)[] settings =
        [
            ("Schedule:RunAtFirstStart", "false"),
            ("Warming:Enabled", "false"),
            ("Night:PollInterval", "00:00:00.5"),
        ];

        using (var killed = TestJobsProcess.Start(night, [], [.. settings, ("Faults:KillAt", "rest-cached"), ("Faults:KillAfter", "1")]))
            Assert.NotEqual(0, (await killed.ExitAsync(Ct)).Code);
        Assert.Equal(4, await night.ScalarAsync<long>("select count(*) from run_batches where cached_at is null", Ct));
        using (TestJobsProcess.Start(night, [], settings))
        {
            await Eventually.TrueAsync(
                async () => (await night.ScalarAsync<string>(Rows, Ct, run.CorrelationId)).Contains("completed", StringComparison.Ordinal),
                "the next process has warmed the rest"
            );
        }

        Assert.Equal(
            "failed 0 0 0 recommendations interrupted, completed 200 200 0 recommendations 200",
            await night.ScalarAsync<string>(Rows, Ct, run.CorrelationId)
        );
        Assert.Equal(0, await night.ScalarAsync<long>("select count(*) from run_batches where cached_at is null", Ct));
    }

    private static ActivityListener Listening(ConcurrentQueue<Activity> told)
    {
        ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name.StartsWith("Overnight.", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = told.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private sealed class ByBeginning : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y) =>
            x!.StartsWith(y!, StringComparison.Ordinal) || y!.StartsWith(x!, StringComparison.Ordinal);

        public int GetHashCode(string obj) => 0;
    }
}
