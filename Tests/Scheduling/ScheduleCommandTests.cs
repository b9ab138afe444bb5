using System.Text.Json;
using Npgsql;
using Overnight.Jobs.Scheduling;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Scheduling;

public sealed class ScheduleCommandTests(TestServers servers)
{
    private static readonly DateTimeOffset Saturday = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Text_OfAMarket_HasTenNightsInBothTimesAndAReasonPerDayWithout()
    {
        var lines = Text(Saturday, "NYSE");

        Assert.Equal(
            "NYSE  New York Stock Exchange, America/New_York; due 2:00 h before the open, to be done 0:30 h before the open",
            lines[0]
        );
        Assert.Equal("  Sat 2026-11-21  no night: closed, weekend", lines[1]);
        Assert.Equal("  Mon 2026-11-23  due 2026-11-23 07:30 -05:00  2026-11-23 12:30Z  done by 09:00  open 09:30 to 16:00", lines[3]);
        Assert.Equal("  Thu 2026-11-26  no night: closed, Thanksgiving Day", lines[6]);
        Assert.Equal(
            "  Fri 2026-11-27  due 2026-11-27 07:30 -05:00  2026-11-27 12:30Z  done by 09:00  open 09:30 to 13:00 (early-close: Day after Thanksgiving Day)",
            lines[7]
        );
        Assert.Equal(10, lines.Count(line => line.Contains("  due ", StringComparison.Ordinal)));
        Assert.StartsWith("  Mon 2026-12-07  due", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Text_AfterTodaysNightWasDue_BeginsWithTheNext() =>
        Assert.StartsWith("  Tue 2026-11-24  due", Text(Utc("2026-11-23T12:30Z"), "NYSE")[1], StringComparison.Ordinal);

    [Fact]
    public void Json_OfDays_HasOneLineEach()
    {
        StringWriter output = new();
        new ScheduleReport(output, Saturday).WriteJson(Market("TSE"), new(2026, 12, 30), new(2026, 12, 31));

        Assert.Equal(
            """
            {"market":"TSE","date":"2026-12-30","status":"open","reason":null,"openUtc":"2026-12-30T00:00:00Z","closeUtc":"2026-12-30T06:30:00Z","ringUtc":"2026-12-29T22:00:00Z","deadlineUtc":"2026-12-29T23:30:00Z"}
            {"market":"TSE","date":"2026-12-31","status":"closed","reason":"Market holiday","openUtc":null,"closeUtc":null,"ringUtc":null,"deadlineUtc":null}

            """,
            output.ToString()
        );
    }

    [Fact]
    public async Task A10_Command_ShowsTheLatestNightAndWarmsAgainstTheirDeadlines_AndPausedSets()
    {
        var ct = TestContext.Current.CancellationToken;
        var connection = await servers.CreateDatabaseAsync(ct);
        await using var database = NpgsqlDataSource.Create(connection);
        await database.ExecuteAsync(
            """
            insert into nights (market, business_date, due_at, deadline_at, state, since, forecast_at, finished_at, checked_at) values
                ('NYSE', '2026-11-20', '2026-11-20T12:30Z', '2026-11-20T14:00Z', 'late', '2026-11-20T14:00Z', null, null, now()),
                ('NYSE', '2026-11-23', '2026-11-23T12:30Z', '2026-11-23T14:00Z', 'at-risk', '2026-11-23T13:52Z', '2026-11-23T14:01:30Z', null, now()),
                ('TSE', '2026-11-24', '2026-11-23T22:00Z', '2026-11-23T23:30Z', 'on-time', '2026-11-23T22:00Z', '2026-11-23T22:03Z',
                    '2026-11-23T22:03Z', now()),
                ('LSE', '2026-11-23', '2026-11-23T06:00Z', '2026-11-23T07:30Z', 'missed', '2026-11-23T06:10Z', null, null, now());
            insert into warm_deadlines (set_name, due_at, deadline_at, state, since, checked_at)
                values ('flags', '2026-11-23T12:00Z', '2026-11-23T12:01Z', 'late', '2026-11-23T12:01Z', now());
            insert into schedule_pauses (id, kind, name, reason, actor, paused_at)
                values (gen_random_uuid(), 'set', 'recommendations', 'import', 'command', '2026-11-01T00:00Z')
            """
        );

        var command = await JobsCommand.RunAsync(servers, connection, ct, "schedule", "--from", "2026-11-23", "--until", "2026-11-23");

        Assert.Equal((0, ""), (command.ExitCode, command.Error));
        var lines = command.Output.Split(Environment.NewLine);
        Assert.Equal(
            [
                "  latest night, for 2026-11-23: missed since 2026-11-23 06:10Z, deadline 2026-11-23 07:30Z, no forecast",
                "  latest night, for 2026-11-23: at-risk since 2026-11-23 13:52Z, deadline 2026-11-23 14:00Z, "
                    + "forecast 2026-11-23 14:01Z, 2 min after it",
                "  latest night, for 2026-11-24: on-time since 2026-11-23 22:00Z, deadline 2026-11-23 23:30Z, "
                    + "finished 2026-11-23 22:03Z, 87 min before it",
            ],
            lines.Where(line => line.Contains("latest night", StringComparison.Ordinal))
        );
        Assert.Equal(
            [
                "flags  warm set",
                "  latest warm, due 2026-11-23 12:00Z: late since 2026-11-23 12:01Z, deadline 2026-11-23 12:01Z, no forecast",
                "recommendations  warm set",
                "  paused since 2026-11-01 00:00Z until it is resumed (command): import",
            ],
            lines.SkipWhile(line => !line.StartsWith("flags", StringComparison.Ordinal)).Where(line => line.Length > 0)
        );
    }

    [Fact]
    public async Task Command_WithoutADatabase_PrintsEveryMarket()
    {
        var ct = TestContext.Current.CancellationToken;
        var command = await JobsCommand.RunAsync(servers, null, ct, "schedule", "--from", "2024-01-01", "--until", "2027-12-31", "--json");

        Assert.Equal((0, ""), (command.ExitCode, command.Error));
        var lines = command.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(5 * 1461, lines.Length);
        Assert.Equal(5, lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("market").GetString()).Distinct().Count());
    }

    [Theory]
    [InlineData("--market: There is no market 'MARS'. Known: B3, LSE, NYSE, TSE, XETRA.", "--market", "MARS")]
    [InlineData("--from must be a day of the calendar as yyyy-MM-dd, not '2026-02-30'.", "--from", "2026-02-30")]
    [InlineData("--until must be a day of the calendar as yyyy-MM-dd, not 'soon'.", "--until", "soon")]
    [InlineData("--until must not be before --from (2026-02-03), and is 2026-02-02.", "--from", "2026-02-03", "--until", "2026-02-02")]
    [InlineData(
        "--until must be a day of the years 1993 to 2150, for which the calendars are made, and is 2151-01-01.",
        "--until",
        "2151-01-01"
    )]
    public async Task Command_WithBadArguments_NamesFieldAndValue(string message, params string[] arguments)
    {
        var command = await JobsCommand.RunAsync(servers, null, TestContext.Current.CancellationToken, ["schedule", .. arguments]);

        Assert.Equal((1, message + Environment.NewLine), (command.ExitCode, command.Error));
    }

    private static string[] Text(DateTimeOffset now, string market)
    {
        StringWriter output = new();
        new ScheduleReport(output, now).WriteText(Market(market), null, null);
        return output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
    }
}
