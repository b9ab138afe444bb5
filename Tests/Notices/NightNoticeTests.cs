using System.Text.Json;
using Overnight.Core.Notices;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Scheduling;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Notices;

/// <summary>SPEC A11: what is told of nights and runs, in the transaction of what it tells.</summary>
public sealed class NightNoticeTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A11_SlowNight_IsToldAtRiskThenLateThenRecovered_EachOnce_ByManyReplicas()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        TestClock clock = new(Utc("2026-11-23T12:29Z"));
        using Outbox outbox = new(night.Database, clock, receiver.Url);
        await TickAsync("12:29");
        await TickAsync("12:30");
        await night.ExecuteAsync(
            """
            with run as (insert into overnight_job_runs (id, job_type, market, business_date, revision, trigger, started_at, planned_at, correlation_id)
                values (gen_random_uuid(), 'scoring', 'NYSE', '2026-11-23', 1, 'schedule', '2026-11-23T12:30Z', '2026-11-23T12:30Z', gen_random_uuid()) returning id)
            insert into run_batches (run_id, number, first_user, last_user, size)
            select id, 1, '00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000', 1000 from run
            """,
            Ct
        );

        receiver.Answer = System.Net.HttpStatusCode.ServiceUnavailable;
        foreach (var time in (string[])["12:32", "12:33", "13:59", "14:00", "14:01"])
            await TickAsync(time);
        receiver.Answer = System.Net.HttpStatusCode.NoContent;
        await night.ExecuteAsync("update run_batches set status = 'done', completed_at = '2026-11-23T14:02Z'", Ct);
        foreach (var time in (string[])["14:03", "14:04", "15:30"])
            await TickAsync(time);

        Assert.Equal("night.at_risk delivered, night.late delivered, night.recovered delivered", await NoticesAsync(night));
        Assert.All(receiver.Received, WebhookTests.AssertSigned);
        var last = JsonElement.Parse(receiver.Received.Last().Body).GetProperty("data");
        Assert.Equal(
            ("NYSE", "2026-11-23", "late", "2026-11-23T14:02:00Z"),
            (
                last.GetProperty("market").GetString(),
                last.GetProperty("businessDate").GetString(),
                last.GetProperty("state").GetString(),
                last.GetProperty("finishedAt").GetString()
            )
        );
        Assert.StartsWith(
            "https://overnight.example/api/runs/",
            last.GetProperty("links").GetProperty("run").GetString(),
            StringComparison.Ordinal
        );

        async Task TickAsync(string time)
        {
            clock.SetUtcNow(Utc($"2026-11-23T{time}Z"));
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Nights.Watch(night, clock, null, outbox.Notices).TickAsync(Ct)));
            await outbox.Sender().SendAllAsync("ops", Ct);
        }
    }

    /// <summary>What can't be told does not happen: both are one transaction.</summary>
    [Fact]
    public async Task A11_StateWhoseNoticeCanNotBeWritten_IsNotTaken()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-23T12:29Z"));
        var watch = Nights.Watch(night, clock);
        await watch.TickAsync(Ct);
        await night.ExecuteAsync("alter table notices rename to notices_away", Ct);
        clock.SetUtcNow(Utc("2026-11-23T12:45Z"));
        await watch.TickAsync(Ct);
        Assert.Equal("on-time", await night.ScalarAsync<string>("select state from nights", Ct));

        await night.ExecuteAsync("alter table notices_away rename to notices", Ct);
        clock.SetUtcNow(Utc("2026-11-23T12:46Z"));
        await watch.TickAsync(Ct);
        Assert.Equal("missed", await night.ScalarAsync<string>("select state from nights", Ct));
        Assert.Equal("night.missed waiting", await NoticesAsync(night));
    }

    [Fact]
    public async Task A11_RunInWhichAUserFailed_IsToldOnceWithCountsAndNoUser()
    {
        await using var night = await PipelineFixture.CreateAsync(
            servers,
            20,
            Ct,
            settings: new Dictionary<string, string?>
            {
                ["Webhooks:Targets:ops:Url"] = "https://hooks.example/overnight",
                ["Webhooks:Targets:ops:Secret"] = Outbox.Secret,
                ["Webhooks:Targets:ops:Events:0"] = NoticeEvents.RunPartial,
                ["Webhooks:Targets:other:Url"] = "https://hooks.example/other",
                ["Webhooks:Targets:other:Secret"] = Outbox.Secret,
                ["Webhooks:Targets:other:Events:0"] = NoticeEvents.RunFailed,
            }
        );
        await night.ExecuteAsync(
            "update portfolios set criteria_version = null where user_id = (select min(user_id::text)::uuid from portfolios)",
            Ct
        );

        var run = await night.RunAsync(Ct);

        Assert.Equal(("partial", "run.partial waiting"), (run.Status, await NoticesAsync(night)));
        var body = System.Text.Encoding.UTF8.GetString(await night.ScalarAsync<byte[]>("select body from notices", Ct));
        var data = JsonElement.Parse(body).GetProperty("data");
        Assert.Equal((19, 1), (data.GetProperty("usersProcessed").GetInt32(), data.GetProperty("usersFailed").GetInt32()));
        Assert.DoesNotContain(
            await night.ScalarAsync<string>("select min(user_id::text) from portfolios", Ct),
            body,
            StringComparison.Ordinal
        );
        Assert.Equal("ops", await night.ScalarAsync<string>("select string_agg(target, ',') from notice_deliveries", Ct));
    }

    /// <summary>Runs that end at once wait for each other's subjects, so that all of them write in one order.</summary>
    [Fact]
    public void A11_ProvidersOfARun_AreToldInTheOrderOfTheirSubjects()
    {
        ProviderReport[] reports =
        [
            new("rates", "frankfurter", ProviderOutcome.Failed),
            new("prices", "stooq", ProviderOutcome.Failed),
            new("rates", "ecb", ProviderOutcome.Failed),
            new("rates", "imported", ProviderOutcome.Used),
        ];
        PipelineRun run = new(
            Guid.Empty,
            "NYSE",
            new(2026, 11, 23),
            1,
            "started",
            "schedule",
            Utc("2026-11-23T12:30Z"),
            true,
            Guid.Empty,
            null,
            null
        );
        NoticeOutbox outbox = new(Microsoft.Extensions.Options.Options.Create(new WebhookOptions()));

        Assert.Equal(
            ["provider/prices/stooq/NYSE/2026-11-23", "provider/rates/ecb/NYSE/2026-11-23", "provider/rates/frankfurter/NYSE/2026-11-23"],
            RunNotices
                .Ended(run, "completed", 1, 0, new() { Providers = ProviderReport.Json(reports) }, outbox)
                .Select(notice => notice.Subject)
        );
    }

    private static Task<string> NoticesAsync(PipelineFixture night) =>
        night.ScalarAsync<string>(
            "select coalesce(string_agg(n.event || ' ' || d.state, ', ' order by n.number), '') from notices n join notice_deliveries d on d.notice_id = n.id",
            Ct
        );
}
