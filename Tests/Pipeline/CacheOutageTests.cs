using Microsoft.Extensions.DependencyInjection;
using Overnight.Core.Caching;
using Overnight.Core.Runs;
using Overnight.Tests.Harness;
using StackExchange.Redis;

namespace Overnight.Tests.Pipeline;

/// <summary>The cache goes away in mid-night: the night ends without it, and what waits is cached later from the stored bytes.</summary>
public sealed class CacheOutageTests(TestServers servers)
{
    [Fact]
    public async Task Night_CacheStoppedOnTheWay_EndsAndIsCachedLaterWithoutRecomputing()
    {
        var ct = TestContext.Current.CancellationToken;
        var folder = await servers.CreateFolderAsync();
        var cache = await servers.StartCacheAsync(ct, folder);
        await using var night = await PipelineFixture.CreateAsync(servers, 300, ct, cache.ConnectionString);
        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, ct);

        // One batch is cached, then the cache is gone for the rest.
        var working = night.Participant.WorkAsync(run, ct);
        await Eventually.TrueAsync(
            async () =>
                working.IsCompleted
                || await night.ScalarAsync<long>("select count(*) from run_batches where cached_at is not null", ct) > 0,
            "a batch is cached"
        );
        cache.Kill();
        await working;

        var finished = await night.Runs.FindAsync(run.Id, ct);
        Assert.Equal("completed", finished!.Status);
        await night.AssertExactlyOnceAsync(run.Id, 300, 0, ct);
        // However far the night was: what is not in the empty cache now must be made good from the stored bytes.
        await night.ExecuteAsync("update run_batches set cached_at = null", ct);
        var stored = await night.ScalarAsync<string>(
            "select md5(string_agg(md5(recommendations) || generated_at::text, ',' order by user_id)) from calculation_results",
            ct
        );
        Assert.Equal(0, await night.Participant.CacheRestAsync(run.Id, ct));

        await servers.StartCacheAsync(ct, folder, cache.Port);
        var circuit = night.Services.GetRequiredService<CacheCircuit>();
        await Eventually.TrueAsync(() => !circuit.IsOpen, "the cache is back");
        Assert.Equal(300, await night.Participant.CacheRestAsync(run.Id, ct));

        Assert.Equal(
            stored,
            await night.ScalarAsync<string>(
                "select md5(string_agg(md5(recommendations) || generated_at::text, ',' order by user_id)) from calculation_results",
                ct
            )
        );
        Assert.Equal(0, await night.ScalarAsync<long>("select count(*) from run_batches where cached_at is null", ct));
        using var again = await ConnectionMultiplexer.ConnectAsync(cache.ConnectionString);
        var user = await night.ScalarAsync<Guid>("select user_id from current_results order by 1 offset 150 limit 1", ct);
        Assert.Equal(
            await night.ScalarAsync<byte[]>("select recommendations from calculation_results where user_id = $1", ct, user),
            (byte[]?)await again.GetDatabase().StringGetAsync(CacheKeys.Recommendations(user))
        );
    }

    [Fact]
    public async Task Night_NoCacheAtAll_CountsTheBatchesThatWait()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 100, ct, "127.0.0.1:1,connectTimeout=200");

        var run = await night.RunAsync(ct);

        Assert.Equal("completed", run.Status);
        Assert.Equal("2", await night.ScalarAsync<string>("select metrics->>'batches_uncached' from overnight_job_runs", ct));
    }

    [Fact]
    public async Task A7_WhatWaitedIsCached_MetricsOfTheRunSaySo()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 120, ct);
        await using var uncached = night.Replica(
            new Dictionary<string, string?> { ["ConnectionStrings:cache"] = "127.0.0.1:1,connectTimeout=200" }
        );
        const string metrics =
            "select concat_ws(' ', metrics ->> 'users_cached', metrics ->> 'batches_uncached', metrics ->> 'batches', metrics ->> 'users_success') from overnight_job_runs where id = $1";
        var run = await uncached.RunAsync(ct);
        Assert.Equal("0 3 3 120", await night.ScalarAsync<string>(metrics, ct, run.Id));

        await night.Participant.CacheRestAsync(run.Id, ct);
        Assert.Equal("120 0 3 120", await night.ScalarAsync<string>(metrics, ct, run.Id));

        // A batch that a worker had in hand while another replica ended the run.
        await night.ExecuteAsync("update overnight_job_runs set metrics = (metrics::jsonb || '{\"batches_uncached\":1}')::json", ct);
        await night.Participant.CacheRestAsync(run.Id, ct);
        Assert.Equal("120 0 3 120", await night.ScalarAsync<string>(metrics, ct, run.Id));
    }

    [Fact]
    public async Task CacheRest_NewerRevisionCachedMeanwhile_IsNotOverwritten()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 20, ct);
        var older = await night.RunAsync(ct);
        var newer = await night.RunAsync(ct, again: true);
        await night.ExecuteAsync("update run_batches set cached_at = null where run_id = $1", ct, older.Id);

        await night.Participant.CacheRestAsync(older.Id, ct);

        using var cache = await ConnectionMultiplexer.ConnectAsync(night.CacheConnection);
        var user = await night.ScalarAsync<Guid>("select user_id from current_results limit 1", ct);
        Assert.Equal(
            await night.ScalarAsync<byte[]>(
                "select recommendations from calculation_results where user_id = $1 and run_id = $2",
                ct,
                user,
                newer.Id
            ),
            (byte[]?)await cache.GetDatabase().StringGetAsync(CacheKeys.Recommendations(user))
        );
        Assert.Equal(0, await night.ScalarAsync<long>("select count(*) from run_batches where cached_at is null", ct));
    }
}
