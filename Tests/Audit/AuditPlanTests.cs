using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Overnight.Api.Account;
using Overnight.Api.Admin;
using Overnight.Api.Audit;
using Overnight.Benchmarks.Audit;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Results;
using Overnight.Jobs.Demo;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Audit;

/// <summary>Four months of nights, with statistics as autovacuum leaves them.</summary>
public sealed class HistoryFixture(TestServers servers) : IAsyncLifetime
{
    public const int Users = 150;

    internal NpgsqlDataSource Database { get; private set; } = null!;
    internal OldHistory History { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(CancellationToken.None));
        await new DemoSeeder(Database, TimeProvider.System).SeedAsync(
            new()
            {
                Users = Users,
                Holdings = 5,
                Criteria = 2,
            },
            null,
            CancellationToken.None
        );
        History = await new AuditHistory(Database).FillAsync(Users * 4 * 80, 4, new(2026, 8, 28), null, CancellationToken.None);
        await ExecuteAsync(
            """
            insert into overnight_job_runs (id, job_type, status, market, trigger, started_at, completed_at, correlation_id)
            select gen_random_uuid(), 'cache-warm', 'completed', 'NYSE', 'schedule', t, t, gen_random_uuid()
            from generate_series(timestamptz '2026-05-01', '2026-08-28', '20 minutes') t
            """
        );
        await ExecuteAsync(
            "insert into run_failures select $1, gen_random_uuid(), 'load', 'x', null, now() from generate_series(1, 5000)",
            History.LastRun
        );
        await ExecuteAsync(
            "insert into current_results select u.id, r.business_date, r.id from users u, overnight_job_runs r where r.id = $1 and u.role = 'user'",
            History.LastRun
        );
        await ExecuteAsync("insert into person_refs select gen_random_uuid(), id from users");
        await ExecuteAsync(
            """
            insert into action_log (at, action, outcome, actor, actor_ref, subject_ref)
            select now() - n * interval '1 minute', case when n % 100 = 0 then 'ban' else 'sign-in' end, 'done', 'user', p[1 + n % 140], p[1 + n % 139]
            from generate_series(1, 30000) n, (select array(select id from person_refs) p) r
            """
        );
        await ExecuteAsync(
            """
            insert into result_reads (user_id, read_at, reader, run_id, business_date)
            select u.id, now(), 'admin', r.id, r.business_date from users u, overnight_job_runs r where r.job_type = 'scoring'
            """
        );
        await ExecuteAsync(DropOtherMonths);
        await ExecuteAsync("analyze");
    }

    // Those that a migration makes for the day it runs on.
    private const string DropOtherMonths = """
        do $$ declare child text; begin
            for child in select inhrelid::regclass::text from pg_inherits i join pg_class p on p.oid = i.inhparent
                where p.relkind = 'p' and inhrelid::regclass::text !~ '_y2026m0[5-8]$' loop
                execute 'drop table ' || child;
            end loop;
        end $$
        """;

    private async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Database is not null)
            await Database.DisposeAsync();
    }
}

/// <summary>SPEC D2, D3: however much history there is, a question is answered from indexes, in the months it is about.</summary>
public sealed class AuditPlanTests(HistoryFixture fixture) : IClassFixture<HistoryFixture>
{
    private static readonly DateOnly Last = new(2026, 8, 27),
        July = new(2026, 7, 1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private OldHistory History => fixture.History;

    [Fact]
    public async Task CalculationsOfAUser_ReadTheKeyOfEventsAndStopWhenThePageIsFull()
    {
        // 20 nights reach back from August 27 into July 31, and no further.
        var plan = await PlanAsync(
            CalculationQueries.OfUser,
            History.User,
            DateOnly.MinValue,
            DateOnly.MaxValue,
            DateOnly.MaxValue,
            long.MaxValue,
            20,
            DBNull.Value
        );

        AssertByIndex(plan, "calculation_events_y2026m08", "calculation_events_y2026m07");
        Assert.Contains("overnight_job_runs_nights", plan.Indexes);
    }

    [Fact]
    public async Task CalculationsOfAUserInAPeriod_ReadItsMonthOnly()
    {
        var plan = await PlanAsync(
            CalculationQueries.OfUser,
            History.User,
            new DateOnly(2026, 6, 1),
            new DateOnly(2026, 6, 30),
            DateOnly.MaxValue,
            long.MaxValue,
            51,
            DBNull.Value
        );

        AssertByIndex(plan, "calculation_events_y2026m06");
    }

    [Fact]
    public async Task CalculationsOfAUserWhoHasNone_AreLookedForByIndex()
    {
        var plan = await PlanAsync(
            CalculationQueries.OfUser,
            Guid.CreateVersion7(),
            DateOnly.MinValue,
            DateOnly.MaxValue,
            DateOnly.MaxValue,
            long.MaxValue,
            51,
            DBNull.Value
        );

        AssertByIndex(plan, [.. new[] { "08", "07", "06", "05" }.Select(m => $"calculation_events_y2026m{m}")]);
    }

    [Fact]
    public async Task CalculationsOfARun_ReadTheKeyOfEventsInItsMonth() =>
        AssertByIndex(await PlanAsync(CalculationQueries.OfRun, Last, History.LastRun, Guid.Empty, 51), "calculation_events_y2026m08");

    [Fact]
    public async Task PostingsOfAnAsset_ReadTheirKeyBackwardsFromTheLastMonth() =>
        AssertByIndex(
            await PlanAsync(
                AssetCalculations.AssetBitmaps,
                History.Asset,
                DateOnly.MinValue,
                DateOnly.MaxValue,
                DateOnly.MaxValue,
                long.MaxValue,
                int.MaxValue,
                10
            ),
            "asset_postings_y2026m08"
        );

    [Fact]
    public async Task PostingsOfAnAssetUntilADay_LeaveLaterMonthsOut() =>
        AssertByIndex(
            await PlanAsync(AssetCalculations.AssetBitmaps, History.Asset, DateOnly.MinValue, July, July, long.MaxValue, int.MaxValue, 3),
            "asset_postings_y2026m07",
            "asset_postings_y2026m06"
        );

    [Fact]
    public async Task ResultsOfAPosting_ReadKeysInItsMonth() =>
        AssertByIndex(
            await PlanAsync(
                AssetCalculations.Results,
                Last,
                History.LastRun,
                Guid.Empty,
                Guid.AllBitsSet,
                0,
                new short[] { 3, 19, 35 },
                Guid.AllBitsSet,
                51
            ),
            "calculation_results_y2026m08",
            "calculation_events_y2026m08"
        );

    [Fact]
    public async Task EventsOfACalculation_ReadTheirKeyInItsMonth() =>
        AssertByIndex(await PlanAsync(CalculationReader.Events, Last, History.LastRun, History.User), "calculation_events_y2026m08");

    [Theory]
    [InlineData("NYSE", null, null, null)]
    [InlineData("LSE", null, null, null)]
    [InlineData(null, "2026-07-01", null, null)]
    [InlineData(null, null, "failed", null)]
    [InlineData("NYSE", "2026-07-01", "completed", null)]
    [InlineData(null, null, null, "scoring")]
    public async Task Runs_Filtered_AreReadByIndex(string? market, string? date, string? status, string? jobType)
    {
        await using OvernightContext context = OvernightContext.Open(fixture.Database);
        RunFilter filter = new(market, date is null ? null : DateOnly.Parse(date), status, jobType);
        var query = RunFilter.Query(context, filter, new(50, new RunCursor(500)));
        await context.Database.OpenConnectionAsync(Ct);
        await using var command = query.CreateDbCommand();

        Assert.Empty((await QueryPlan.OfAsync(command, Ct)).ReadWhole);
    }

    [Fact]
    public async Task FailuresOfARun_AreReadByIndex()
    {
        await using OvernightContext context = OvernightContext.Open(fixture.Database);
        await context.Database.OpenConnectionAsync(Ct);
        await using var command = RunRoutes
            .Failures(context, History.LastRun, new(50, new UserCursor(Guid.CreateVersion7())))
            .CreateDbCommand();

        Assert.Empty((await QueryPlan.OfAsync(command, Ct)).ReadWhole);
    }

    /// <summary>
    /// What a night, a dashboard and the cache read of results: the month of the result in force, whatever else is there.
    /// </summary>
    [Fact]
    public async Task ResultsInForce_AreReadInTheirMonthOnly()
    {
        AssertByIndex(await PlanAsync(ResultReader.Current, History.User), "calculation_results_y2026m08");
        AssertByIndex(await PlanAsync(FencedResultWriter.Read, (object)new[] { History.User }), "calculation_results_y2026m08");
    }

    /// <summary>SPEC A12: by their number, and by an index for an action and for a user, as far as the page goes.</summary>
    [Theory]
    [InlineData(null, false, "action_log_pkey")]
    [InlineData("ban", false, "action_log_action")]
    [InlineData(null, true, "action_log_subject")]
    [InlineData("ban", true, null)]
    public async Task Actions_Filtered_AreReadByIndex(string? action, bool ofUser, string? index)
    {
        await using var command = ActionLogList.Command(
            fixture.Database,
            new(action, ofUser ? History.User : null),
            new(20, new ActionCursor(25_000))
        );

        var plan = await QueryPlan.OfAsync(command, Ct);

        Assert.DoesNotContain("action_log", plan.ReadWhole);
        if (index is not null)
            Assert.Contains(index, plan.Indexes);
    }

    /// <summary>SPEC C6: a page of who opened a user's results.</summary>
    [Fact]
    public async Task ReadsOfAUsersResults_AreReadByTheirKey()
    {
        var plan = await PlanAsync(ResultReads.OfUser, History.User, long.MaxValue, 21);

        Assert.DoesNotContain("result_reads", plan.ReadWhole);
        Assert.Contains("result_reads_pkey", plan.Indexes);
    }

    /// <summary>SPEC P4: an export goes on from where it was, leaves earlier months out, and stops when the page is full.</summary>
    [Fact]
    public async Task ResultsOfAnExport_AreReadByTheirKeyFromTheMonthOn() =>
        AssertByIndex(await PlanAsync(OwnResultReader.Page, History.User, July, Guid.Empty, 20), "calculation_results_y2026m07");

    private static void AssertByIndex(QueryPlan plan, params string[] partitions)
    {
        Assert.DoesNotContain(plan.ReadWhole, r => r.Contains("_y20", StringComparison.Ordinal));
        Assert.Equal(partitions.Order(), plan.Relations.Where(r => r.Contains("_y20", StringComparison.Ordinal)).Order());
    }

    private async Task<QueryPlan> PlanAsync(string sql, params object[] values)
    {
        await using DbCommand command = fixture.Database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return await QueryPlan.OfAsync(command, Ct);
    }
}
