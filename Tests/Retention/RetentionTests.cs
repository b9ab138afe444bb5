using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Data;
using Overnight.Jobs.Retention;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;

namespace Overnight.Tests.Retention;

/// <summary>SPEC D3: months are made ahead, kept for so long, and dropped whole, with all that belongs to them.</summary>
public sealed class RetentionTests(TestServers servers)
{
    private static readonly TestClock Clock = new(new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Months_PastKeeping_AreDroppedWithAllThatBelongsToThem()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        var (old, oldUser) = await database.AddStoredRunAsync(new(2024, 10, 31), Ct);
        var (older, _) = await database.AddStoredRunAsync(new(2024, 9, 2), Ct);
        var (kept, keptUser) = await database.AddStoredRunAsync(new(2024, 11, 1), Ct);

        var report = await database.Retention(Clock, o => o.DeleteRows = 1).RunOnceAsync(isDryRun: false, Ct);

        Assert.Equal(new(2024, 11, 1), report!.OldestKept);
        Assert.Equal(6, report.Dropped.Count);
        Assert.Empty(report.Postponed);
        Assert.Equal((0, 0), (await database.RowsAsync(old, Ct), await database.RowsAsync(older, Ct)));
        Assert.Equal(
            (0, 0, 3),
            (
                await database.TablesAsync("y2024m09", Ct),
                await database.TablesAsync("y2024m10", Ct),
                await database.TablesAsync("y2024m11", Ct)
            )
        );
        // Everything but the attempt, which only an unfinished or a recent run keeps.
        Assert.Equal(8, await database.RowsAsync(kept, Ct));
        // The dashboard's own query: an answer for one, none for the other, an error for nobody.
        Assert.Null(await database.ResultAsync(oldUser, Ct));
        Assert.NotNull(await database.ResultAsync(keptUser, Ct));
        Assert.Contains("Dropped calculation_events_y2024m10 (", string.Join('\n', report.Lines()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_LongExpired_AreRemovedAndOthersStay()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        var user = await database.Source.AddUserAsync();
        var now = Clock.GetUtcNow();
        foreach (var expired in (DateTimeOffset[])[now.AddDays(-31), now.AddDays(-29), now.AddDays(1)])
            await database.Source.AddSessionAsync(user, expired);

        var dryRun = await database.Retention(Clock).RunOnceAsync(isDryRun: true, Ct);
        var report = await database.Retention(Clock).RunOnceAsync(isDryRun: false, Ct);

        Assert.Equal((1, 1), (dryRun!.Rows["sessions"], report!.Rows["sessions"]));
        Assert.Equal(2, await database.ScalarAsync("select count(*) from sessions where user_id = $1", Ct, user));
    }

    /// <summary>SPEC A12: for as long as months are kept, and for two years in any case.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(24, 1)]
    [InlineData(48, 0)]
    public async Task ActionsPastKeeping_AreRemovedAndYoungerOnesCanNotBe(int months, int removed)
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        var now = TimeProvider.System.GetUtcNow();
        foreach (var at in (DateTimeOffset[])[now.AddMonths(-26), now.AddMonths(-23), now])
            await ActionLog.WriteAsync(database.Source, new(Actor.Command, LoggedAction.Warm, "started"), at, Ct);

        var report = await database.Retention(TimeProvider.System, o => o.Months = months).RunOnceAsync(isDryRun: false, Ct);

        Assert.Equal(removed, report!.Rows["action_log"]);
        Assert.Equal(3 - removed, await database.ScalarAsync("select count(*) from action_log", Ct));
    }

    [Fact]
    public async Task Months_Ahead_AreThereAndMadeOnce()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        TestClock time = new(new(2031, 12, 31, 23, 0, 0, TimeSpan.Zero));

        var first = await database.Retention(time, o => o.MonthsAhead = 3).RunOnceAsync(isDryRun: false, Ct);
        var second = await database.Retention(time, o => o.MonthsAhead = 3).RunOnceAsync(isDryRun: false, Ct);

        Assert.Equal(12, first!.Made.Count);
        Assert.Contains("asset_postings_y2032m03", first.Made);
        Assert.Empty(second!.Made);
        await database.ExecuteAsync(
            "insert into calculation_events values ('2032-03-31', $1, $1, 1, now(), '')",
            Ct,
            Guid.CreateVersion7()
        );
        Assert.Equal(3, await database.TablesAsync("y2032m03", Ct));
    }

    [Fact]
    public async Task DryRun_OfMonthsPastKeeping_SaysSoAndChangesNothing()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        var (old, _) = await database.AddStoredRunAsync(new(2024, 10, 31), Ct);

        var report = await database.Retention(Clock).RunOnceAsync(isDryRun: true, Ct);

        Assert.Equal(3, report!.Dropped.Count);
        Assert.Equal((1, 1, 1), (report.Rows["current_results"], report.Rows["overnight_job_runs"], report.Rows["market_snapshots"]));
        Assert.Equal(9, await database.RowsAsync(old, Ct));
    }

    [Fact]
    public async Task Month_ThatALongTransactionReads_IsPutOffAndHoldsUpNobody()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        var (old, _) = await database.AddStoredRunAsync(new(2024, 10, 31), Ct);
        var retention = database.Retention(Clock, o => o.LockTimeout = TimeSpan.FromMilliseconds(50));

        await using (var reader = await database.Source.OpenConnectionAsync(Ct))
        {
            await using var transaction = await reader.BeginTransactionAsync(Ct);
            await using NpgsqlCommand read = new(
                "select count(*) from calculation_events e, calculation_results r, asset_postings p",
                reader,
                transaction
            );
            await read.ExecuteScalarAsync(Ct);

            var put = await retention.RunOnceAsync(isDryRun: false, Ct);
            // Writes and reads of a night under way, meanwhile.
            var (current, user) = await database.AddStoredRunAsync(new(2026, 11, 20), Ct);

            Assert.Equal(3, put!.Postponed.Count);
            Assert.Empty(put.Dropped);
            Assert.Equal(9, await database.RowsAsync(current, Ct));
            Assert.NotNull(await database.ResultAsync(user, Ct));
            // In step: the run's rows go when its events do.
            Assert.Equal(1, await database.ScalarAsync("select count(*) from overnight_job_runs where id = $1", Ct, old));
        }

        var done = await retention.RunOnceAsync(isDryRun: false, Ct);

        Assert.Equal((3, 0), (done!.Dropped.Count, done.Postponed.Count));
        Assert.Equal((0, 0), (await database.RowsAsync(old, Ct), await database.TablesAsync("y2024m10", Ct)));
    }

    [Fact]
    public async Task Month_WithAnUnfinishedRun_IsKept()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        var (unfinished, _) = await database.AddStoredRunAsync(new(2024, 9, 30), Ct, finished: false);
        var (later, _) = await database.AddStoredRunAsync(new(2024, 10, 1), Ct);
        var (earlier, _) = await database.AddStoredRunAsync(new(2024, 8, 1), Ct);

        var report = await database.Retention(Clock).RunOnceAsync(isDryRun: false, Ct);

        Assert.Equal((3, 6), (report!.Dropped.Count, report.Postponed.Count));
        // Kept whole, the note of its attempt included; of the later one, which is finished, that note goes.
        Assert.Equal(
            (9, 8, 0),
            (await database.RowsAsync(unfinished, Ct), await database.RowsAsync(later, Ct), await database.RowsAsync(earlier, Ct))
        );
    }

    [Fact]
    public async Task Partition_LeftBehindDetached_IsDropped()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        await database.AddStoredRunAsync(new(2024, 10, 31), Ct);
        await database.ExecuteAsync("alter table calculation_results detach partition calculation_results_y2024m10", Ct);

        var report = await database.Retention(Clock).RunOnceAsync(isDryRun: false, Ct);

        Assert.Equal(3, report!.Dropped.Count);
        Assert.Equal(0, await database.TablesAsync("y2024m10", Ct));
    }

    [Fact]
    public async Task Retention_WhileAnotherReplicaIsAtIt_DoesNothing()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        await using var other = await database.Source.OpenConnectionAsync(Ct);
        await using NpgsqlCommand take = new("select pg_advisory_lock(hashtext('overnight.retention'))", other);
        await take.ExecuteNonQueryAsync(Ct);

        Assert.Null(await database.Retention(Clock).RunOnceAsync(isDryRun: false, Ct));
        await using NpgsqlCommand release = new("select pg_advisory_unlock(hashtext('overnight.retention'))", other);
        await release.ExecuteNonQueryAsync(Ct);
        Assert.NotNull(await database.Retention(Clock).RunOnceAsync(isDryRun: false, Ct));
    }

    [Fact]
    public async Task Month_MadeBesideANightUnderWay_WaitsForNobody()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        await database.AddStoredRunAsync(new(2026, 11, 20), Ct);
        await using var night = await database.Source.OpenConnectionAsync(Ct);
        await using var transaction = await night.BeginTransactionAsync(Ct);
        await using NpgsqlCommand write = new(
            "insert into calculation_events values ('2026-11-20', $1, $1, 1, now(), '')",
            night,
            transaction
        )
        {
            Parameters = { new() { Value = Guid.CreateVersion7() } },
        };
        await write.ExecuteNonQueryAsync(Ct);

        var report = await database
            .Retention(new TestClock(new(2033, 1, 1, 0, 0, 0, TimeSpan.Zero)), o =>
                (o.LockTimeout, o.Months) = (TimeSpan.FromMilliseconds(50), 1_200)
            )
            .RunOnceAsync(isDryRun: false, Ct);

        Assert.Equal((9, 0), (report!.Made.Count, report.Postponed.Count));
    }

    [Fact]
    public async Task Loop_AsTimeGoesBy_MakesEachMonthAhead()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        TestClock time = new(new(2034, 1, 15, 0, 0, 0, TimeSpan.Zero));
        using RetentionLoop loop = new(
            database.Retention(time),
            Microsoft.Extensions.Options.Options.Create(new RetentionOptions()),
            new(NullLogger<DatabaseState>.Instance),
            time,
            NullLogger<RetentionLoop>.Instance
        );

        await loop.StartAsync(Ct);
        await Eventually.TrueAsync(async () => await database.TablesAsync("y2034m03", Ct) == 3, "the months ahead are made");
        await Eventually.TrueAsync(() => time.Timers > 0, "the loop waits");
        time.Advance(TimeSpan.FromDays(20));
        await Eventually.TrueAsync(
            async () => await database.TablesAsync("y2034m04", Ct) == 3,
            "the next month is made when its turn comes"
        );
        await loop.StopAsync(Ct);
    }

    [Fact]
    public void Options_OutOfBounds_NameKeyBoundAndValue()
    {
        var result = new SectionValidator<RetentionOptions>(RetentionOptions.Section).Validate(
            null,
            new()
            {
                Months = 0,
                MonthsAhead = 99,
                LockTimeout = TimeSpan.Zero,
            }
        );

        Assert.Equal(
            [
                "Retention:Months must be between 1 and 1200, and is 0.",
                "Retention:MonthsAhead must be between 2 and 24, and is 99.",
                "Retention:LockTimeout must be between 00:00:00.0100000 and 00:05:00, and is 00:00:00.",
            ],
            result.Failures
        );
    }

    [Fact]
    public async Task Command_DryRunThenRun_PrintsWhatItDoes()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        await database.AddStoredRunAsync(new(2020, 1, 31), Ct);

        var dryRun = await JobsCommand.RunAsync(servers, database.ConnectionString, Ct, "retention", "--dry-run");
        var run = await JobsCommand.RunAsync(servers, database.ConnectionString, Ct, "retention");

        Assert.Equal((0, ""), (dryRun.ExitCode, dryRun.Error));
        Assert.Contains("Would drop calculation_results_y2020m01 (", dryRun.Output, StringComparison.Ordinal);
        Assert.Contains("Would remove 1 row of overnight_job_runs.", dryRun.Output, StringComparison.Ordinal);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Dropped calculation_results_y2020m01 (", run.Output, StringComparison.Ordinal);
        Assert.Equal(0, await database.TablesAsync("y2020m01", Ct));
    }
}
