using System.Text.Json;
using Overnight.Core.Notices;
using Overnight.Core.Runs;
using Overnight.Jobs.Providers;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Providers;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Notices;

/// <summary>SPEC A11: what is told of runs that fail, and of their providers.</summary>
public sealed class RunNoticeTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A11_RunInWhichEveryUserFailed_IsToldAsFailed_WithoutUsers()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        await night.ExecuteAsync("update portfolios set criteria_version = null", Ct);

        var run = await night.RunAsync(Ct);

        var (name, subject, data) = Assert.Single(await NoticesAsync(night));
        Assert.Equal((NoticeEvents.RunFailed, $"run/{run.Id}"), (name, subject));
        Assert.Equal(
            ("failed", JsonValueKind.Null, 0, 3),
            (
                data.GetProperty("status").GetString(),
                data.GetProperty("step").ValueKind,
                data.GetProperty("usersProcessed").GetInt32(),
                data.GetProperty("usersFailed").GetInt32()
            )
        );
        await AssertNamesNobodyAsync(night);
    }

    [Fact]
    public async Task A11_RunOfWhichAStepFailedForGood_IsToldWithTheStep()
    {
        TestClock clock = new();
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct, time: clock);
        await night.ExecuteAsync("delete from prices", Ct);
        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, Ct);

        await Assert.ThrowsAsync<NoMarketValuesException>(() => night.WorkAsync(run, clock, Ct));

        var (name, subject, data) = Assert.Single(await NoticesAsync(night));
        Assert.Equal((NoticeEvents.RunFailed, $"run/{run.Id}", "plan"), (name, subject, data.GetProperty("step").GetString()));
    }

    [Fact]
    public async Task A11_ProviderThatFails_IsToldRefusedOnceADate_AndTheValueInItsPlaceOnce()
    {
        TestClock clock = new(Utc("2026-11-20T12:31Z"));
        await using var broken = await ProviderServer.StartAsync(Behaviour.Status(500));
        await using var night = await PipelineFixture.CreateAsync(
            servers,
            2,
            Ct,
            time: clock,
            settings: new Dictionary<string, string?>
            {
                ["Providers:Rates:Order"] = "ecb",
                ["Providers:Ecb:BaseUrl"] = broken.Url,
                ["Providers:Ecb:Attempts"] = "1",
            }
        );
        var since = await night.ScalarAsync<DateTime>("select min(as_of) from exchange_rates", Ct);

        await night.RunAsync(Ct);
        await night.RunAsync(Ct, again: true);
        clock.SetUtcNow(Utc("2026-11-23T12:31Z"));
        await night.RunAsync(Ct);

        var notices = await NoticesAsync(night);
        Assert.Equal(
            [
                "provider.refused provider/rates/ecb/NYSE/2026-11-20",
                $"provider.stale provider/rates/stored/{since:yyyy-MM-dd}",
                "provider.refused provider/rates/ecb/NYSE/2026-11-23",
            ],
            notices.Select(notice => $"{notice.Name} {notice.Subject}")
        );
        Assert.Equal("http_status", notices[0].Data.GetProperty("reason").GetString());
        Assert.Equal(since, notices[1].Data.GetProperty("staleSince").GetDateTimeOffset().UtcDateTime);
        await AssertNamesNobodyAsync(night);
    }

    private static async Task<IReadOnlyList<(string Name, string Subject, JsonElement Data)>> NoticesAsync(PipelineFixture night)
    {
        List<(string, string, JsonElement)> notices = [];
        await using var command = night.Database.CreateCommand("select event, subject, body from notices order by number");
        await using var reader = await command.ExecuteReaderAsync(Ct);
        while (await reader.ReadAsync(Ct))
            notices.Add((reader.GetString(0), reader.GetString(1), JsonElement.Parse(reader.GetFieldValue<byte[]>(2)).GetProperty("data")));
        return notices;
    }

    /// <summary>No body has the id of a user, nor any other of a person.</summary>
    private static async Task AssertNamesNobodyAsync(PipelineFixture night) =>
        Assert.Equal(
            0,
            await night.ScalarAsync<long>(
                """
                select count(*) from notices n, users u
                where position(u.id::text in convert_from(n.body, 'UTF8')) > 0 or position(u.email in convert_from(n.body, 'UTF8')) > 0
                """,
                Ct
            )
        );
}
