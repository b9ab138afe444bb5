using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Overnight.Api.Audit;
using Overnight.Api.Paging;
using Overnight.Core.Data;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Runs;

/// <summary>SPEC A2: a later revision is the later one, whatever the clock of the host that started it says.</summary>
public sealed class RunOrderTests(TestServers servers)
{
    [Fact]
    public async Task A2_LaterRevisionOfAHostWhoseClockIsBehind_BecomesCurrentAndIsTheNewest()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var ahead = await PipelineFixture.CreateAsync(servers, 10, ct, time: new SkewedTime(TimeSpan.FromMinutes(3)));
        await using var behind = ahead.Replica();
        var first = await ahead.RunAsync(ct);
        var second = await behind.RunAsync(ct, again: true);
        Assert.True(second.Id.CompareTo(first.Id) < 0);
        Assert.Equal((1, 2), (first.Revision, second.Revision));

        Assert.Equal(10, await behind.ScalarAsync<long>("select count(*) from current_results where run_id = $1", ct, second.Id));
        Assert.Equal(second.Id, (await behind.Runs.FindLatestAsync(ct))!.Id);
        Assert.Equal(["scoring 2", "scoring 1"], await ListedAsync(behind, ct));
        Assert.Equal([2, 1], await OfUserAsync(behind, ct));
        Assert.Equal([2, 1], await OfAssetAsync(behind, ct));
        // One warm at the end of each night, however often somebody looks.
        await behind.Participant.CacheRestAsync(first.Id, ct);
        await behind.Participant.CacheRestAsync(second.Id, ct);
        Assert.Equal(2, await behind.ScalarAsync<long>("select count(*) from overnight_job_runs where trigger = 'pipeline-end'", ct));
        // And the first, computed once more, is not the later one.
        await ahead.ExecuteAsync(
            "update run_batches set status = 'pending', completed_at = null, cached_at = null where run_id = $1",
            ct,
            first.Id
        );
        await ahead.ExecuteAsync("update overnight_job_runs set status = 'started', completed_at = null where id = $1", ct, first.Id);
        await ahead.ExecuteAsync("alter table seals disable trigger user", ct);
        await ahead.ExecuteAsync("delete from seals where run_id = $1", ct, first.Id);
        foreach (var table in new[] { "calculation_results", "calculation_events", "asset_postings" })
            await ahead.ExecuteAsync($"delete from {table} where run_id = $1", ct, first.Id);
        await ahead.Participant.WorkAsync(first, ct);
        Assert.Equal(10, await behind.ScalarAsync<long>("select count(*) from current_results where run_id = $1", ct, second.Id));
    }

    [Fact]
    public async Task A2_RunsFromBeforeNumbers_KeepTheirOrder()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 3, ct);
        await using OvernightContext context = OvernightContext.Open(night.Database);
        var migrator = context.GetService<IMigrator>();
        var first = await night.RunAsync(ct);
        var second = await night.RunAsync(ct, again: true);
        await migrator.MigrateAsync("20261122000700_SignIn", ct);

        await migrator.MigrateAsync(cancellationToken: ct);

        var inOrder = await night.ScalarAsync<Guid[]>(
            "select array_agg(id order by number) from overnight_job_runs where job_type = 'scoring'",
            ct
        );
        Assert.Equal(new[] { first.Id, second.Id }, inOrder);
        var third = await night.RunAsync(ct, again: true);
        Assert.Equal(3, await night.ScalarAsync<long>("select count(*) from current_results where run_id = $1", ct, third.Id));
    }

    /// <summary>As <c>GET /api/runs</c> lists them, a page each.</summary>
    private static async Task<IEnumerable<string>> ListedAsync(PipelineFixture night, CancellationToken ct)
    {
        await using OvernightContext context = OvernightContext.Open(night.Database);
        List<string> runs = [];
        PageQuery<RunCursor> page = new(1, null);
        while (await RunFilter.Query(context, new("NYSE", null, null), page).ToListAsync(ct) is [var run, ..])
        {
            runs.Add($"{run.JobType} {run.Revision}");
            page = new(1, new RunCursor(run.Number));
        }
        return runs;
    }

    private static async Task<IEnumerable<int>> OfUserAsync(PipelineFixture night, CancellationToken ct)
    {
        var user = await night.ScalarAsync<Guid>("select min(user_id::text)::uuid from portfolios", ct);
        List<int> revisions = [];
        PageQuery<UserRunCursor> page = new(1, null);
        while (await Queries(night).OfUserAsync(user, DateOnly.MinValue, DateOnly.MaxValue, page, ct) is [var item, ..])
        {
            revisions.Add(item.Revision);
            page = new(1, new UserRunCursor(item.BusinessDate, item.RunNumber));
        }
        return revisions;
    }

    private static async Task<IEnumerable<int>> OfAssetAsync(PipelineFixture night, CancellationToken ct)
    {
        var asset = await night.ScalarAsync<Guid>("select asset_id from holdings where not ignored order by 1 limit 1", ct);
        List<int> revisions = [];
        PageQuery<PostingCursor> page = new(1, null);
        while (
            await new AssetCalculations(night.Database).ListAsync(asset, DateOnly.MinValue, DateOnly.MaxValue, page, ct) is [var found, ..]
        )
        {
            revisions.Add(found.Item.Revision);
            page = new(1, found.Place);
        }
        return revisions.Distinct();
    }

    private static CalculationQueries Queries(PipelineFixture night) => new(night.Database);

    /// <summary>The system's clock, some time ahead.</summary>
    private sealed class SkewedTime(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
    }
}
