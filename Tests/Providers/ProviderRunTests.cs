using System.Text.Json;
using Overnight.Core.Caching;
using Overnight.Core.Doctor;
using Overnight.Core.Runs;
using Overnight.Jobs.Providers;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using StackExchange.Redis;
using static Overnight.Tests.Providers.FaultyAnswers;
using static Overnight.Tests.Providers.ProviderRunRecord;

namespace Overnight.Tests.Providers;

/// <summary>
/// SPEC A5, A9, B1: nights whose providers fail in each way end with the reason in the run, staleness in the entry, and never a wrong
/// number.
/// </summary>
public sealed class ProviderRunTests(TestServers servers)
{
    private const int Users = 20;

    [Fact]
    public async Task Night_ProvidersThatDeliver_UsesAndKeepsTheirValues()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var seeded = await PipelineFixture.CreateAsync(servers, Users, ct);
        var prices = await PricesAsync(seeded, ct);
        await using var ecb = await ProviderServer.StartAsync(
            Behaviour.Answer(Answers.Xml, Answers.Ecb(Today, Answers.DemoRatesPerEuro(1.01m)))
        );
        await using var stooq = await ProviderServer.StartAsync(Stooq((symbol, _) => $"{prices[symbol] * 1.02m}"));
        await using var night = seeded.Replica(Settings(ecb, stooq));

        var run = await night.RunAsync(ct);

        Assert.Equal("completed", run.Status);
        Assert.Equal((1, 1), (ecb.Requests.Count, stooq.Requests.Count));
        Assert.True(await night.ScalarAsync<bool>("select error_details is null from overnight_job_runs where id = $1", ct, run.Id));
        var reports = await ReportsAsync(night, run.Id, ct);
        Assert.Equal(["rates ecb used 6", "prices stooq used 500"], reports.Select(Short));
        Assert.Equal(500, await night.ScalarAsync<long>("select count(*) from prices where source = 'stooq'", ct));
        Assert.Equal(6, await night.ScalarAsync<long>("select count(*) from exchange_rates where source = 'ecb'", ct));
        await foreach (var entry in EntriesAsync(night, run.Id, ct))
            Assert.False(entry.GetProperty("dataFreshness").TryGetProperty("staleSince", out _));
    }

    [Theory]
    [InlineData("500", "http_status")]
    [InlineData("429", "rate_limited")]
    [InlineData("slow", "timeout")]
    [InlineData("cut", "cut_off")]
    [InlineData("html", "content_type")]
    [InlineData("html as promised type", "malformed")]
    [InlineData("truncated", "malformed")]
    [InlineData("huge", "too_large")]
    [InlineData("zero", "not_believed")]
    [InlineData("negative", "not_believed")]
    [InlineData("nan", "not_believed")]
    [InlineData("x1000", "not_believed")]
    [InlineData("nothing", "empty")]
    public async Task Night_ProvidersThatFail_IsCompletedFromStoredValuesAndSaysSo(string fault, string reason)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var seeded = await PipelineFixture.CreateAsync(servers, Users, ct);
        var honest = await TotalsAsync(seeded, (await seeded.RunAsync(ct)).Id, ct);
        var prices = await PricesAsync(seeded, ct);
        await using var ecb = await ProviderServer.StartAsync(
            Faulty(fault, Answers.Xml, lie =>
                Answers.Ecb(Today, [.. Answers.DemoRatesPerEuro().Select(r => (r.Currency, lie(decimal.Parse(r.Rate))))])
            )
        );
        await using var stooq = await ProviderServer.StartAsync(
            Faulty(fault, Answers.Csv, lie => Answers.Stooq(Today, prices.Select(p => ($"{p.Key}.US", lie(p.Value)))))
        );
        var settings = Settings(ecb, stooq);
        if (fault == "slow")
            settings["Providers:Ecb:Timeout"] = settings["Providers:Stooq:Timeout"] = "00:00:00.100";
        await using var night = seeded.Replica(settings);

        var run = await night.RunAsync(ct, again: true);

        Assert.Equal("completed", run.Status);
        await night.AssertExactlyOnceAsync(run.Id, Users, 0, ct);
        Assert.Equal(honest, await TotalsAsync(night, run.Id, ct));
        Assert.Equal(
            0,
            await night.ScalarAsync<long>(
                "select count(*) from (select source from prices union all select source from exchange_rates) v where source in ('ecb', 'stooq')",
                ct
            )
        );
        var reports = await ReportsAsync(night, run.Id, ct);
        Assert.Equal(
            ["rates ecb failed 0", "rates stored stale 6", "prices stooq failed 0", "prices stored stale 500"],
            reports.Select(Short)
        );
        Assert.All(reports.Where(r => r.GetProperty("outcome").GetString() == "failed"), r =>
            Assert.Equal(reason, r.GetProperty("reason").GetString())
        );
        Assert.All(reports.Where(r => r.GetProperty("outcome").GetString() == "stale"), r =>
            Assert.Equal(TimeSpan.Zero, r.GetProperty("stale_since").GetDateTimeOffset().TimeOfDay)
        );
        var details = await night.ScalarAsync<string>("select error_details::text from overnight_job_runs where id = $1", ct, run.Id);
        Assert.Contains(reason, details, StringComparison.Ordinal);
        using var cache = await ConnectionMultiplexer.ConnectAsync(night.CacheConnection);
        await foreach (var entry in EntriesAsync(night, run.Id, ct))
        {
            var freshness = entry.GetProperty("dataFreshness");
            Assert.True(freshness.GetProperty("pricesStale").GetBoolean());
            Assert.True(freshness.GetProperty("staleSince").GetDateTimeOffset() <= TimeProvider.System.GetUtcNow());
            byte[]? cached = await cache.GetDatabase().StringGetAsync(CacheKeys.Recommendations(entry.GetProperty("userId").GetGuid()));
            Assert.Contains("\"pricesStale\":true", System.Text.Encoding.UTF8.GetString(cached!), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Night_OneSymbolLies_OnlyItsHoldersHaveAStalePrice()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var seeded = await PipelineFixture.CreateAsync(servers, Users, ct);
        var prices = await PricesAsync(seeded, ct);
        await using var stooq = await ProviderServer.StartAsync(
            Stooq((symbol, i) => symbol == "DM007" ? $"{prices[symbol] * 1000}" : $"{prices[symbol]}")
        );
        await using var night = seeded.Replica(Settings(null, stooq));

        var run = await night.RunAsync(ct);

        Assert.Equal("completed", run.Status);
        var reports = await ReportsAsync(night, run.Id, ct);
        Assert.Equal(["rates imported used 6", "prices stooq used 499", "prices stored stale 1"], reports.Select(Short));
        var refusal = Assert.Single(reports[1].GetProperty("refusals").EnumerateArray());
        Assert.Equal(("DM007", "moved"), (refusal.GetProperty("key").GetString(), refusal.GetProperty("reason").GetString()));
        await foreach (var entry in EntriesAsync(night, run.Id, ct))
        {
            var holder = entry.GetProperty("recommendations").EnumerateArray().Any(r => r.GetProperty("symbol").GetString() == "DM007");
            Assert.Equal(holder, entry.GetProperty("dataFreshness").TryGetProperty("pricesStale", out _));
        }
    }

    [Fact]
    public async Task Night_CurrenciesMissing_AreFilledByTheNextProviderAndThenByTheTables()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var seeded = await PipelineFixture.CreateAsync(servers, Users, ct);
        await using var ecb = await ProviderServer.StartAsync(
            Behaviour.Answer(Answers.Xml, Answers.Ecb(Today, [.. Answers.DemoRatesPerEuro().Where(r => r.Currency is "USD" or "GBP")]))
        );
        await using var frankfurter = await ProviderServer.StartAsync(
            Behaviour.Answer(Answers.Json, Answers.Frankfurter(Today, ("JPY", "151"), ("BRL", "5.31"), ("CHF", "0.82"), ("GBP", "0.5")))
        );
        var settings = Settings(ecb, null);
        settings["Providers:Rates:Order"] = "ecb, frankfurter";
        settings["Providers:Frankfurter:BaseUrl"] = frankfurter.Url;
        await using var night = seeded.Replica(settings);

        var run = await night.RunAsync(ct);

        var reports = await ReportsAsync(night, run.Id, ct);
        Assert.Equal(
            ["rates ecb used 2", "rates frankfurter used 3", "rates stored stale 1", "prices imported used 500"],
            reports.Select(Short)
        );
        Assert.Contains(reports[0].GetProperty("refusals").EnumerateArray(), r =>
            r.GetProperty("key").GetString() == "CAD" && r.GetProperty("reason").GetString() == "missing"
        );
        Assert.Equal("completed", run.Status);
    }

    [Fact]
    public async Task Night_ProvidersAwayAndAUserWithoutRate_IsPartialWithBothReasons()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var seeded = await PipelineFixture.CreateAsync(servers, Users, ct);
        await seeded.ExecuteAsync(
            "update users set base_currency = 'XTS' where id = (select user_id from user_markets order by user_id limit 1)",
            ct
        );
        await using var ecb = await ProviderServer.StartAsync(Behaviour.Status(500));
        await using var night = seeded.Replica(Settings(ecb, null));

        var run = await night.RunAsync(ct);

        Assert.Equal("partial", run.Status);
        await night.AssertExactlyOnceAsync(run.Id, Users, 1, ct);
        var details = JsonDocument
            .Parse(await night.ScalarAsync<string>("select error_details::text from overnight_job_runs where id = $1", ct, run.Id))
            .RootElement;
        Assert.Equal("missing_exchange_rate", details.GetProperty("failures")[0].GetProperty("reason").GetString());
        Assert.Equal("http_status", details.GetProperty("providers")[0].GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData("delete from exchange_rates", "no exchange rate", "ecb: http_status")]
    [InlineData("delete from prices", "has a price", "stooq: http_status")]
    public async Task Night_NoValuesAtAll_FailsForGoodAndSaysWhy(string loss, string words, string cause)
    {
        var ct = TestContext.Current.CancellationToken;
        TestClock clock = new();
        await using var broken = await ProviderServer.StartAsync(Behaviour.Status(500));
        var settings = Settings(broken, broken);
        settings["Providers:Ecb:Attempts"] = settings["Providers:Stooq:Attempts"] = "1";
        await using var night = await PipelineFixture.CreateAsync(servers, 2, ct, settings: settings, time: clock);
        await night.ExecuteAsync(loss, ct);
        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, ct);

        await Assert.ThrowsAsync<NoMarketValuesException>(() => night.WorkAsync(run, clock, ct));

        Assert.Equal("failed", (await night.Runs.FindAsync(run.Id, ct))!.Status);
        var details = await night.ScalarAsync<string>("select error_details::text from overnight_job_runs where id = $1", ct, run.Id);
        Assert.Contains(words, details, StringComparison.Ordinal);
        Assert.Contains(cause, details, StringComparison.Ordinal);
    }

    /// <summary>Quick to give up, for nothing here gets better by waiting.</summary>
    private static Dictionary<string, string?> Settings(ProviderServer? ecb, ProviderServer? stooq)
    {
        Dictionary<string, string?> settings = [];
        foreach (var (section, feed, server) in new[] { ("Ecb", "Rates", ecb), ("Stooq", "Prices", stooq) })
        {
            if (server is null)
                continue;
            settings[$"Providers:{feed}:Order"] = section.ToLowerInvariant();
            settings[$"Providers:{section}:BaseUrl"] = server.Url;
            settings[$"Providers:{section}:Attempts"] = "2";
            settings[$"Providers:{section}:RetryDelay"] = "00:00:00.001";
            settings[$"Providers:{section}:MaxBytes"] = "100000";
        }
        return settings;
    }

    /// <summary>
    /// The case future-rate: a stored value of the future is neither used, nor shown, nor compared with, and the doctor names it.
    /// </summary>
    [Fact]
    public async Task A9_StoredValuesOfTheFuture_AreNotUsedAndNamed()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var seeded = await PipelineFixture.CreateAsync(servers, Users, ct);
        var honest = await TotalsAsync(seeded, (await seeded.RunAsync(ct)).Id, ct);
        await seeded.ExecuteAsync(
            "insert into exchange_rates select base, quote, '2062-10-01 00:00Z', rate * 40, 'import' from exchange_rates where base = 'EUR' or quote = 'EUR'",
            ct
        );
        await seeded.ExecuteAsync("insert into prices select asset_id, '2062-10-01 00:00Z', price * 3, 'import' from prices", ct);
        await seeded.ExecuteAsync(
            "insert into fundamentals (asset_id, as_of, source, pe_ratio) select asset_id, '2062-10-01 00:00Z', 'import', 1 from fundamentals limit 3",
            ct
        );
        await using var ecb = await ProviderServer.StartAsync(
            Behaviour.Answer(Answers.Xml, Answers.Ecb(Today, Answers.DemoRatesPerEuro(1.01m)))
        );
        await using var asking = seeded.Replica(
            new Dictionary<string, string?> { ["Providers:Rates:Order"] = "ecb", ["Providers:Ecb:BaseUrl"] = ecb.Url }
        );

        var stored = await seeded.RunAsync(ct, again: true);
        var totals = await TotalsAsync(seeded, stored.Id, ct);
        var asked = await asking.RunAsync(ct, again: true);

        Assert.Equal(honest, totals);
        // The answer is compared with the last value that is not of the future: all of it is believed.
        Assert.Equal(["rates ecb used 6", "prices imported used 500"], (await ReportsAsync(asking, asked.Id, ct)).Select(Short));
        await foreach (var entry in EntriesAsync(seeded, stored.Id, ct))
        {
            var freshness = entry.GetProperty("dataFreshness");
            Assert.True(freshness.GetProperty("ratesAsOf").GetDateTimeOffset() <= TimeProvider.System.GetUtcNow());
            Assert.True(freshness.GetProperty("pricesAsOf").GetDateTimeOffset() <= TimeProvider.System.GetUtcNow());
        }
        DoctorReport doctor = new(
            seeded.Database,
            new(() => throw new InvalidOperationException("no cache in this test")),
            TimeProvider.System
        );
        var findings = (await doctor.FindAsync(ct)).Select(f => f.What).ToList();
        Assert.Single(findings, f =>
            f.StartsWith("The rate of EUR/USD (import) is dated in the future, as of 2062-10-01", StringComparison.Ordinal)
        );
        Assert.Equal(3, findings.Count(f => f.StartsWith("The row of fundamentals of DM", StringComparison.Ordinal)));
    }
}
