using System.Text;
using System.Text.Json;
using Overnight.Core.Auditing;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;

namespace Overnight.Tests.Providers;

/// <summary>SPEC A9, B1: a stale value is marked where it is stored and where it is shown, for those whom it concerns.</summary>
public sealed class StalenessTests
{
    private static readonly DateTimeOffset Monday = new(2026, 11, 16, 0, 0, 0, TimeSpan.Zero),
        Tuesday = Monday.AddDays(1);
    private static readonly MarketSnapshotHeader Header = new(
        Guid.NewGuid(),
        "NYSE",
        new(2026, 11, 20),
        Monday.AddDays(4),
        Tuesday,
        Tuesday
    );

    [Fact]
    public void Codec_StaleSnapshot_ComesBackTheSame()
    {
        var read = MarketSnapshotCodec.Decode(Header, MarketSnapshotCodec.Encode(Snapshot(StaleSecond)));

        Assert.Equal([KeyValuePair.Create(1, Monday)], read.Staleness.Prices);
        Assert.Equal([KeyValuePair.Create("EUR", Tuesday)], read.Staleness.Rates);
    }

    [Fact]
    public void Codec_NothingStale_IsTheFormThatTheBuildBeforeReads()
    {
        var snapshot = Snapshot(null);
        var fresh = MarketSnapshotCodec.Encode(snapshot);

        Assert.Equal(1, fresh[0]);
        Assert.True(MarketSnapshotCodec.Decode(Header, fresh).Staleness.IsNone);
        // And so is every snapshot that was stored before there was staleness.
        var stale = MarketSnapshotCodec.Encode(new(Header, snapshot.Assets, snapshot.Rates, StaleSecond));
        Assert.Equal(2, stale[0]);
        Assert.Equal(fresh[1..], stale[1..fresh.Length]);
    }

    [Fact]
    public void Codec_StaleAssetThatIsNotThere_IsDamage()
    {
        var payload = MarketSnapshotCodec.Encode(
            Snapshot(new(new Dictionary<int, DateTimeOffset> { [7] = Monday }, new Dictionary<string, DateTimeOffset>()))
        );

        Assert.Throws<InvalidDataException>(() => MarketSnapshotCodec.Decode(Header, payload));
    }

    [Theory]
    // Holding 0 is in dollars with a fresh price, 1 in euro with a stale one; the euro's rate is stale.
    [InlineData("USD", "0", null)]
    [InlineData("USD", "1", "True True 2026-11-16")]
    [InlineData("EUR", "1", "True False 2026-11-16")]
    [InlineData("EUR", "0", "False True 2026-11-17")]
    [InlineData("GBP", "0", null)]
    public void Entry_B1_MarksOnlyWhatTheUsersAmountsRestOn(string baseCurrency, string holdings, string? expected)
    {
        var entry = Entry(Snapshot(StaleSecond), baseCurrency, [.. holdings.Select(c => c - '0')]);

        var names = entry.EnumerateObject().Select(p => p.Name).ToList();
        Assert.Equal(["pricesAsOf", "ratesAsOf", "criteriaVersion"], names.Take(3));
        Assert.Equal(expected is null ? [] : ["pricesStale", "ratesStale", "staleSince"], names.Skip(3));
        if (expected is not null)
            Assert.Equal(
                expected,
                $"{entry.GetProperty("pricesStale").GetBoolean()} {entry.GetProperty("ratesStale").GetBoolean()} {entry.GetProperty("staleSince").GetDateTimeOffset():yyyy-MM-dd}"
            );
    }

    private static MarketStaleness StaleSecond { get; } =
        new(new Dictionary<int, DateTimeOffset> { [1] = Monday }, new Dictionary<string, DateTimeOffset> { ["EUR"] = Tuesday });

    private static MarketSnapshot Snapshot(MarketStaleness? staleness) =>
        new(
            Header,
            [Asset("AAA", "USD"), Asset("BBB", "EUR")],
            CrossRates.Compute([new("EUR", "USD", 1.1m, Tuesday), new("GBP", "USD", 1.3m, Tuesday)]),
            staleness
        );

    private static SnapshotAsset Asset(string symbol, string currency) =>
        new(Guid.NewGuid(), symbol, currency, 10m, new decimal?[Metrics.Count]);

    private static JsonElement Entry(MarketSnapshot snapshot, string baseCurrency, int[] holdings)
    {
        UserPortfolio portfolio = new() { UserId = Guid.NewGuid(), BaseCurrency = baseCurrency };
        portfolio.Classes.Add(new(Guid.NewGuid(), "Shares"u8.ToArray(), Decimal4.Zero, Decimal4.Hundred, Decimal4.Zero));
        foreach (var asset in holdings)
            portfolio.Holdings.Add(new(asset, 0, 1));
        List<Criterion> criteria = [];
        CriteriaParser.Read("""[{"id":"a","name":"a","metric":"pe_ratio","operator":"gt","value":"1","points":1}]"""u8.ToArray(), criteria);
        Core.Recommendations.Calculation calculation = new();
        calculation.Run(portfolio, criteria.ToArray(), snapshot);
        var bytes = new ResultWriter(snapshot, new("NYSE", Header.BusinessDate, 1, Guid.NewGuid())).Recommendations(
            portfolio,
            criteria.ToArray(),
            calculation,
            Monday
        );
        return JsonDocument.Parse(Encoding.UTF8.GetString(bytes)).RootElement.GetProperty("dataFreshness");
    }
}
