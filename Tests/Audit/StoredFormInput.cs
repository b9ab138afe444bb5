using System.Text;
using Overnight.Core.Json;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Audit;

/// <summary>
/// The input of the golden files: a class above its target, one that is empty, a holding without a class, without a price and of
/// nothing, names with everything that JSON escapes, and none. Changing it means a new set of files beside the old one.
/// </summary>
internal static class StoredFormInput
{
    public static readonly Guid UserId = Id(0xbeef),
        SnapshotId = Id(0xaa);
    public static readonly DateTimeOffset GeneratedAt = new(2026, 11, 20, 11, 31, 2, 345, TimeSpan.Zero);
    public static readonly MarketSnapshotHeader Header = new(
        SnapshotId,
        "NYSE",
        new(2026, 11, 20),
        new(2026, 11, 20, 11, 30, 0, 250, TimeSpan.Zero),
        new(2026, 11, 19, 21, 0, 0, TimeSpan.Zero),
        new(2026, 11, 19, 16, 0, 0, TimeSpan.Zero)
    );
    public static readonly ResultContext Context = new("NYSE", new(2026, 11, 20), 2, Id(0xcc));

    public static readonly string[] Names =
    [
        "Alpha \"A\" & Söhne <é> 漢字 \U0001F600",
        "",
        "C\u0001\t\\ \u2028\uffff",
        "Delta",
        "Echo, Inc.",
        "\"dataFreshness\":{\"pricesAsOf\":1}",
    ];

    private static readonly string[] ClassNames = ["Shares \"world\"", "Bonds", "\"dataFreshness\":{\"pricesAsOf\":1}"];

    private const string Rules = """
        [{"id":"low","name":"P/E \"low\"","metric":"pe_ratio","operator":"lt","value":"20","points":"12.5","requiredFundamentals":["pe_ratio"]},
         {"id":"roe","name":"Return \u003e 1","metric":"roe","operator":"between","value":1,"value2":9,"points":30,"requiredFundamentals":["roe"]},
         {"id":"size","name":"Size","metric":"market_cap","operator":"gte","value":"1000.5","points":-7.25,"requiredFundamentals":[]}]
        """;

    public static MarketSnapshot Market(bool isStale, bool hasNames)
    {
        SnapshotAsset[] assets =
        [
            Asset(0, "AAA", "USD", 10.5m, (Metric.PeRatio, 12.25m), (Metric.Roe, 3)),
            Asset(1, "BBB", "EUR", 20.250m, (Metric.PeRatio, 30)),
            Asset(2, "CCC", "USD", null, (Metric.MarketCap, 5_000_000_000m)),
            Asset(3, "DDD", "USD", 5, (Metric.Roe, -0.00000001m)),
            Asset(4, "EEE", "USD", 1.00000001m),
            Asset(5, "FFF.^=-", "EUR", 100, (Metric.PeRatio, 10)),
        ];
        Dictionary<(string, string), decimal> rates = new() { [("USD", "EUR")] = 0.9090909091m, [("EUR", "USD")] = 1.1m };
        MarketStaleness stale = new(
            new Dictionary<int, DateTimeOffset> { [1] = new(2026, 11, 17, 0, 0, 0, TimeSpan.Zero) },
            new Dictionary<string, DateTimeOffset> { ["EUR"] = new(2026, 11, 18, 0, 0, 0, TimeSpan.Zero) }
        );
        if (hasNames)
            assets = [.. assets.Select((asset, i) => asset with { Name = Names[i] })];
        return new(Header, assets, rates, isStale ? stale : null);
    }

    public static UserPortfolio Portfolio()
    {
        UserPortfolio portfolio = new()
        {
            UserId = UserId,
            BaseCurrency = "USD",
            Contribution = new(10_000_000),
            CriteriaVersionId = Id(0xdd),
            CriteriaVersion = 3,
        };
        (int Min, int Max, int Least)[] targets = [(60, 80, 50), (5, 10, 0), (10, 20, 25)];
        for (var i = 0; i < targets.Length; i++)
        {
            var name = JsonEscaping.Escape(Encoding.UTF8.GetBytes(ClassNames[i]));
            portfolio.Classes.Add(
                new(Id(0x10 + i), name, new(targets[i].Min * 10_000), new(targets[i].Max * 10_000), new(targets[i].Least * 10_000))
            );
        }
        portfolio.Holdings.AddRange([
            new(0, 0, 2.5m),
            new(1, 0, 1),
            new(2, 0, 3),
            new(3, 1, 40),
            new(4, PortfolioHolding.Unclassified, 7.12345678m),
            new(5, 2, 0),
        ]);
        return portfolio;
    }

    /// <summary>The criteria as stored.</summary>
    public static byte[] StoredCriteria => Encoding.UTF8.GetBytes(Rules);

    public static Criterion[] Criteria()
    {
        List<Criterion> criteria = [];
        CriteriaParser.Read(Encoding.UTF8.GetBytes(Rules), criteria);
        return [.. criteria];
    }

    public static byte[] Golden(string file) => File.ReadAllBytes(Path.Combine(Folder, file));

    public static string Folder { get; } = Path.Combine(Repository.Folder, "Tests", "Audit", "Golden");

    private static SnapshotAsset Asset(int number, string symbol, string currency, decimal? price, params (Metric, decimal)[] known)
    {
        var fundamentals = new decimal?[Metrics.Count];
        foreach (var (metric, value) in known)
            fundamentals[(int)metric] = value;
        return new(Id(1 + number), symbol, currency, price, fundamentals);
    }

    private static Guid Id(int number) => new($"019a0000-0000-7000-8000-{number:x12}");
}
