using Overnight.Core.Market.Calendars;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Scheduling;
using static Overnight.Tests.Providers.ProviderRunRecord;

namespace Overnight.Tests.Providers;

/// <summary>
/// SPEC A9: a provider whose values are older than its own calendar allows is a failed one. The clock stands at 12:00 UTC on 2026-11-20, a
/// Friday: Thursday's rates and closing prices are there.
/// </summary>
public sealed class ProviderAgeTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("2026-11-19", "01:00:00", "used")]
    [InlineData("2026-11-18", "01:00:00", "failed")]
    [InlineData("2026-11-18", "2.00:00:00", "used")]
    public async Task A9_Rates_OlderThanTheLastPublication_AreRefused(string date, string within, string outcome)
    {
        await using var ecb = await ProviderServer.StartAsync(
            Behaviour.Answer(Answers.Xml, Answers.Ecb(DateOnly.Parse(date), Answers.DemoRatesPerEuro()))
        );
        await using var night = await NightAsync("Rates", "Ecb", ecb, within);

        var run = await night.RunAsync(Ct);

        var report = (await ReportsAsync(night, run.Id, Ct)).Single(one => one.GetProperty("provider").GetString() == "ecb");
        Assert.Equal(outcome, report.GetProperty("outcome").GetString());
        if (outcome == "failed")
            Assert.Equal(
                ("outdated", "of 2026-11-18, and those of 2026-11-19 are published"),
                (
                    report.GetProperty("refusals")[0].GetProperty("reason").GetString(),
                    report.GetProperty("refusals")[0].GetProperty("detail").GetString()
                )
            );
    }

    [Theory]
    [InlineData("2026-11-19", "used")]
    [InlineData("2026-11-18", "failed")]
    public async Task A9_Prices_OlderThanTheMarketsLastClose_AreRefused(string date, string outcome)
    {
        await using var seeded = await PipelineFixture.CreateAsync(servers, 2, Ct, time: new TestClock());
        var prices = await PricesAsync(seeded, Ct);
        await using var stooq = await ProviderServer.StartAsync(
            Behaviour.Answer(Answers.Csv, Answers.Stooq(DateOnly.Parse(date), prices.Select(one => ($"{one.Key}.US", $"{one.Value}"))))
        );
        await using var night = PipelineFixture.Over(
            seeded.DatabaseConnection,
            seeded.CacheConnection,
            50,
            Settings("Prices", "Stooq", stooq, "01:00:00"),
            new TestClock()
        );

        var run = await night.RunAsync(Ct);

        var report = (await ReportsAsync(night, run.Id, Ct)).Single(one => one.GetProperty("provider").GetString() == "stooq");
        Assert.Equal(outcome, report.GetProperty("outcome").GetString());
    }

    /// <summary>The time of a price is that of its last trade, which for some assets is hours before the close.</summary>
    [Theory]
    [InlineData("2026-11-19T14:31Z", false)]
    [InlineData("2026-11-18T20:59Z", true)]
    public void A9_PriceOfAnyTimeOfTheLastSession_IsNotOld(string asOf, bool isOlder) =>
        Assert.Equal(
            isOlder,
            Publications.LastOpen(TestMarkets.Market("NYSE"), TestMarkets.Utc("2026-11-20T11:00Z")).IsOlder(TestMarkets.Utc(asOf))
        );

    /// <summary>What a provider delivered is not used any more when the order does not name it, though it is newer.</summary>
    [Fact]
    public async Task A9_ProviderThatIsSwitchedOff_IsNotUsedFromTheTablesEither()
    {
        await using var seeded = await PipelineFixture.CreateAsync(servers, 2, Ct, time: new TestClock());
        var imported = await SnapshotAsync(seeded, (await seeded.RunAsync(Ct)).Id);
        DateOnly today = new(2026, 11, 20);
        await using var ecb = await ProviderServer.StartAsync(
            Behaviour.Answer(Answers.Xml, Answers.Ecb(today, Answers.DemoRatesPerEuro(1.05m)))
        );
        var prices = await PricesAsync(seeded, Ct);
        await using var stooq = await ProviderServer.StartAsync(
            Behaviour.Answer(Answers.Csv, Answers.Stooq(today, prices.Select(one => ($"{one.Key}.US", $"{2 * one.Value}"))))
        );
        Dictionary<string, string?> settings = new([
            .. Settings("Rates", "Ecb", ecb, "01:00:00"),
            .. Settings("Prices", "Stooq", stooq, "01:00:00"),
        ]);
        await using (var asking = PipelineFixture.Over(seeded.DatabaseConnection, seeded.CacheConnection, 50, settings, new TestClock()))
            Assert.NotEqual(imported, await SnapshotAsync(asking, (await asking.RunAsync(Ct, again: true)).Id));
        Assert.Equal((6L, (long)prices.Count), (await NewestAsync("exchange_rates", "ecb"), await NewestAsync("prices", "stooq")));

        Assert.Equal(imported, await SnapshotAsync(seeded, (await seeded.RunAsync(Ct, again: true)).Id));

        Task<long> NewestAsync(string table, string source) =>
            seeded.ScalarAsync<long>(
                $"select count(*) from {table} where source = '{source}' and as_of >= (select max(as_of) from {table} where source <> '{source}')",
                Ct
            );
    }

    private static Task<string> SnapshotAsync(PipelineFixture night, Guid run) =>
        night.ScalarAsync<string>(
            "select md5(s.payload) from overnight_job_runs r join market_snapshots s on s.id = r.snapshot_id where r.id = $1",
            Ct,
            run
        );

    private Task<PipelineFixture> NightAsync(string feed, string provider, ProviderServer server, string within) =>
        PipelineFixture.CreateAsync(servers, 2, Ct, settings: Settings(feed, provider, server, within), time: new TestClock());

    private static Dictionary<string, string?> Settings(string feed, string provider, ProviderServer server, string within) =>
        new()
        {
            [$"Providers:{feed}:Order"] = provider.ToLowerInvariant(),
            [$"Providers:{feed}:MaxMove"] = "100",
            [$"Providers:{feed}:PublishedWithin"] = within,
            [$"Providers:{provider}:BaseUrl"] = server.Url,
        };
}
