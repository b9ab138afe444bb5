using Npgsql;
using Overnight.Core.Doctor;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Deadlines;

/// <summary>SPEC A10 to A12: what the doctor says of deadlines, pauses and notices.</summary>
public sealed class DeadlineDoctorTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A10_Doctor_NamesNightsAndWarmsThatAreInTrouble_WithDeadlineForecastAndMargin()
    {
        var found = await FindAsync(
            """
            insert into nights (market, business_date, due_at, deadline_at, state, since, forecast_at, finished_at, checked_at) values
                ('NYSE', '2026-11-23', '2026-11-23T12:30Z', '2026-11-23T14:00Z', 'at-risk', '2026-11-23T13:52Z', '2026-11-23T14:01:30Z', null, now()),
                ('NYSE', '2026-11-20', '2026-11-20T12:30Z', '2026-11-20T14:00Z', 'late', '2026-11-20T14:00Z', '2026-11-20T14:03Z', '2026-11-20T14:03Z', now()),
                ('B3', '2026-11-23', '2026-11-23T11:00Z', '2026-11-23T12:30Z', 'on-time', '2026-11-23T11:00Z', null, null, now()),
                ('LSE', '2026-11-23', '2026-11-23T06:00Z', '2026-11-23T07:30Z', 'missed', '2026-11-23T06:10Z', null, null, now());
            insert into warm_deadlines (set_name, due_at, deadline_at, state, since, finished_at, checked_at) values
                ('flags', '2026-11-23T11:00Z', '2026-11-23T11:01Z', 'late', '2026-11-23T11:01Z', '2026-11-23T11:02Z', now()),
                ('flags', '2026-11-23T12:00Z', '2026-11-23T12:01Z', 'late', '2026-11-23T12:01Z', null, now())
            """
        );

        Assert.Equal(
            [
                "The night of LSE for 2026-11-23 is missed; its deadline is 2026-11-23 07:30Z.",
                "The night of NYSE for 2026-11-23 is at-risk; its deadline is 2026-11-23 14:00Z, its forecast 2026-11-23 14:01Z, 2 min after it.",
                "The scheduled warm of flags is late; its deadline was 2026-11-23 12:01Z.",
            ],
            found.Select(finding => finding.What)
        );
        Assert.Equal(
            [Utc("2026-11-23T06:10Z"), Utc("2026-11-23T13:52Z"), Utc("2026-11-23T12:01Z")],
            found.Select(finding => finding.Since!.Value)
        );
        Assert.EndsWith("jobs run --market LSE --date 2026-11-23", found[0].Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A12_Doctor_NamesPausesThatGoOn()
    {
        var found = await FindAsync(
            """
            insert into schedule_pauses (id, kind, name, reason, actor, paused_at, until_at, ended_at) values
                (gen_random_uuid(), 'market', 'NYSE', 'import', 'command', '2026-11-23T00:00Z', '2026-11-24T00:00Z', null),
                (gen_random_uuid(), 'market', 'LSE', 'its time is over', 'command', '2026-11-22T00:00Z', '2026-11-23T00:00Z', null),
                (gen_random_uuid(), 'set', 'flags', 'resumed', 'command', '2026-11-23T00:00Z', null, '2026-11-23T01:00Z')
            """
        );

        Assert.Equal("The schedule of market NYSE is paused until 2026-11-24 00:00Z: import", Assert.Single(found).What);
        Assert.EndsWith("jobs resume --market NYSE", found[0].Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A11_Doctor_NamesNoticesThatWereNotDelivered()
    {
        var found = await FindAsync(
            """
            insert into notices (id, subject, event, created_at, body)
                select ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'night/NYSE/' || n, 'night.late', '2026-11-23T10:00Z', ''
                from generate_series(1, 3) n;
            insert into notice_deliveries (notice_id, target, state, next_at, retry_until, delivered_at, last_error)
                select id, 'ops', case subject when 'night/NYSE/1' then 'failed' when 'night/NYSE/2' then 'waiting' else 'delivered' end,
                    created_at, '2026-11-24T10:00Z', case subject when 'night/NYSE/3' then created_at end, 'It answered 500.' from notices
            """
        );

        Assert.Equal(
            [
                "Webhook ops was not told night.late of night/NYSE/1: It answered 500.",
                "Webhook ops was not told night.late of night/NYSE/2: It answered 500.",
            ],
            found.Select(finding => finding.What).Order(StringComparer.Ordinal)
        );
        Assert.Contains(found, finding =>
            finding.Advice.EndsWith("notices/00000000-0000-0000-0000-000000000001/redeliver", StringComparison.Ordinal)
        );
        Assert.Contains(found, finding => finding.Advice.Contains("until 2026-11-24 10:00Z", StringComparison.Ordinal));
    }

    /// <summary>What is found at 14:05 UTC on 2026-11-23, but for what every test database has.</summary>
    private async Task<IReadOnlyList<Finding>> FindAsync(string sql)
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        await database.ExecuteAsync(sql);
        var found = await new DoctorReport(database, null, new TestClock(Utc("2026-11-23T14:05Z"))).FindAsync(Ct);
        string[] subjects = ["The night of", "The scheduled warm of", "The schedule of", "Webhook "];
        return [.. found.Where(finding => subjects.Any(subject => finding.What.StartsWith(subject, StringComparison.Ordinal)))];
    }
}
