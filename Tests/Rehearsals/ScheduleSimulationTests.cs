using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Jobs.Rehearsals;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Rehearsals;

/// <summary>SPEC A13: nights of other days in fast time, apart from everything.</summary>
public sealed class ScheduleSimulationTests(TestServers servers)
{
    private static readonly string[] Markets = ["B3", "LSE", "NYSE", "TSE", "XETRA"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>
    /// Both autumn changes of clocks, half days on 11-27, 12-24, 12-30 and 12-31, and both spring changes. The days without trading are
    /// those that the exchanges published.
    /// </summary>
    [Theory]
    [InlineData(
        "2026-10-19",
        "2026-12-31",
        "B3: 11-02 11-20 12-24 12-25 12-31; LSE: 12-25 12-28; NYSE: 11-26 12-25; TSE: 11-03 11-23 12-31; XETRA: 12-24 12-25 12-31",
        "LSE 10-23 05:00, LSE 10-26 06:00, XETRA 10-26 06:00, NYSE 10-30 11:30, NYSE 11-02 12:30, NYSE 11-27 12:30, LSE 12-24 06:00, TSE 12-30 22:00"
    )]
    [InlineData(
        "2027-03-08",
        "2027-04-02",
        "B3: 03-26; LSE: 03-26 03-29; NYSE: 03-26; TSE: 03-22; XETRA: 03-26 03-29",
        "NYSE 03-12 12:30, NYSE 03-15 11:30, LSE 03-25 06:00, LSE 03-30 05:00, XETRA 03-30 05:00, TSE 03-08 22:00"
    )]
    public async Task A13_Rehearsal_RunsEachNightOfThePublishedCalendars(string from, string until, string closed, string due)
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct);
        await night.ExecuteAsync(
            "insert into user_markets select u.id, m.code from users u, markets m where u.role = 'user' on conflict do nothing",
            Ct
        );
        var (first, last) = (DateOnly.Parse(from), DateOnly.Parse(until));

        IReadOnlyList<SimulatedDay> nights;
        await using (var simulation = await CreateAsync(night, Markets))
            nights = await simulation.RunAsync(first, last, _ => { }, Ct);

        Assert.Equal(Markets.Length * (last.DayNumber - first.DayNumber + 1), nights.Count);
        Assert.Equal(
            closed,
            string.Join(
                "; ",
                nights
                    .Where(one => one.WhyNot is not null && one.Day.Date.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday))
                    .GroupBy(one => one.Day.Market)
                    .OrderBy(market => market.Key, StringComparer.Ordinal)
                    .Select(market => $"{market.Key}: {string.Join(' ', market.Select(one => $"{one.Day.Date:MM-dd}"))}")
            )
        );
        var run = nights.Where(one => one.WhyNot is null).ToList();
        Assert.All(run, one => Assert.True(one.IsWell, $"{one}"));
        Assert.All(run, one => Assert.Equal(1, one.Computed));
        // From the second night on the first is measured.
        Assert.All(run.GroupBy(one => one.Day.Market), market => Assert.Single(market, one => one.ForecastAt is null));
        foreach (var expected in due.Split(", "))
        {
            var (market, date, time) = (expected.Split(' ')[0], expected.Split(' ')[1], expected.Split(' ')[2]);
            Assert.Equal(time, $"{run.Single(one => one.Day.Market == market && $"{one.Day.Date:MM-dd}" == date).Day.DueUtc:HH:mm}");
        }
    }

    [Fact]
    public async Task A13_Rehearsal_ChangesNothingOfTheDatabase_AndWaitsForNoLockOfIt()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);
        await night.RunAsync(Ct);
        var before = await DryRunTests.DigestAsync(night);
        await using var other = await night.Database.OpenConnectionAsync(Ct);
        await using var transaction = await other.BeginTransactionAsync(Ct);
        // As another run's seal holds it.
        await using (
            var hold = new NpgsqlCommand("select pg_advisory_xact_lock(hashtext('overnight.seals')); listen overnight_runs", other)
        )
            await hold.ExecuteNonQueryAsync(Ct);
        var told = 0;
        other.Notification += (_, _) => told++;

        var done = await JobsCommand.RunAsync(
            servers,
            night.DatabaseConnection,
            Ct,
            "rehearse",
            "--from",
            "2026-11-23",
            "--until",
            "2026-11-27",
            "--markets",
            "NYSE,TSE"
        );

        Assert.Equal((0, ""), (done.ExitCode, done.Error));
        Assert.Contains(
            "4 nights rehearsed: 4 done in time and whole, 0 with users that failed, 0 late, failed or not started.",
            done.Output,
            StringComparison.Ordinal
        );
        Assert.Contains("no night: closed, Thanksgiving", done.Output, StringComparison.Ordinal);
        Assert.Contains("no night: no active user", done.Output, StringComparison.Ordinal);
        Assert.Matches(
            @"(?m)^NYSE +Tue 2026-11-24 +2026-11-24 12:30 +14:00 +12:3\d:\d\d +\d+\.\d +5 +0 +completed, on-time *$",
            done.Output
        );
        Assert.Equal(before, await DryRunTests.DigestAsync(night));
        await transaction.CommitAsync(Ct);
        await using (var poll = new NpgsqlCommand("select 1", other))
            await poll.ExecuteNonQueryAsync(Ct);
        Assert.Equal(0, told);
        Assert.Equal("", await SchemasAsync(night));
    }

    [Fact]
    public async Task A13_UserThatFails_IsInTheTable_AndInTheExitCode()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);
        await night.ExecuteAsync(
            "update portfolios set criteria_version = null where user_id = (select min(user_id::text)::uuid from portfolios)",
            Ct
        );

        var done = await JobsCommand.RunAsync(
            servers,
            night.DatabaseConnection,
            Ct,
            "rehearse",
            "--from",
            "2026-11-23",
            "--until",
            "2026-11-23",
            "--markets",
            "NYSE"
        );

        Assert.Equal((2, ""), (done.ExitCode, done.Error));
        Assert.Contains("partial, on-time", done.Output, StringComparison.Ordinal);
        Assert.Contains(
            "1 night rehearsed: 0 done in time and whole, 1 with users that failed, 0 late, failed or not started.",
            done.Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A13_RehearsalThatWasKilled_IsDroppedByTheNext_AndOneThatRunsIsNot()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct);
        await night.ExecuteAsync("create schema rehearsal_left; create table rehearsal_left.prices (at int)", Ct);

        await using (var running = await RehearsalSchema.CreateAsync(night.DatabaseConnection, Markets, Ct))
        {
            Assert.Equal(running.Name, await SchemasAsync(night));
            await using var second = await RehearsalSchema.CreateAsync(night.DatabaseConnection, Markets, Ct);
            Assert.Equal($"{running.Name},{second.Name}", await SchemasAsync(night));
        }
        Assert.Equal("", await SchemasAsync(night));
    }

    /// <summary>What is stored can be read, and not changed by mistake.</summary>
    [Fact]
    public async Task A13_StoredRows_CanNotBeChangedInARehearsal()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct);
        await using var schema = await RehearsalSchema.CreateAsync(night.DatabaseConnection, Markets, Ct);
        await using var inside = NpgsqlDataSource.Create(schema.ConnectionString(night.DatabaseConnection));

        foreach (
            var change in (string[])["update users set banned_at = now()", "delete from prices", "update portfolios set contribution = 1"]
        )
        {
            await using var command = inside.CreateCommand(change);
            var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Ct));
            Assert.StartsWith("A rehearsal does not change ", refused.MessageText, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("2026-11-23", "2026-11-22", "NYSE", "--until must be from 2026-11-23, which is --from, to 2027-12-27, and is 2026-11-22.")]
    [InlineData("2026-11-23", "2029-11-23", "NYSE", "--until must be from 2026-11-23, which is --from, to 2027-12-27, and is 2029-11-23.")]
    [InlineData("2026-11-23", "soon", "NYSE", "--until must be a day of the calendar as yyyy-MM-dd, not 'soon'.")]
    [InlineData("2026-11-23", "2026-11-23", "MARS", "--markets: There is no market 'MARS'. Known: B3, LSE, NYSE, TSE, XETRA.")]
    public async Task A13_WrongInput_IsNamed(string from, string until, string markets, string message)
    {
        var done = await JobsCommand.RunAsync(
            servers,
            await servers.CreateDatabaseAsync(Ct),
            Ct,
            "rehearse",
            "--from",
            from,
            "--until",
            until,
            "--markets",
            markets
        );

        Assert.Equal((1, message), (done.ExitCode, done.Error.Trim()));
    }

    private static Task<ScheduleSimulation> CreateAsync(PipelineFixture night, IReadOnlyList<string> markets) =>
        ScheduleSimulation.CreateAsync(night.Services.GetRequiredService<IConfiguration>(), markets, Ct);

    private static Task<string> SchemasAsync(PipelineFixture night) =>
        night.ScalarAsync<string>(
            "select coalesce(string_agg(nspname, ',' order by nspname), '') from pg_namespace where nspname like 'rehearsal%'",
            Ct
        );
}
