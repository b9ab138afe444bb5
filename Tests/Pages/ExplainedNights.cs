using System.Text;
using Overnight.Core.Auditing;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Pages;

/// <summary>Two nights of one user with everything that explanations read: prices and the contribution differ.</summary>
internal static class ExplainedNights
{
    private const string Rules = """
        [{"id":"yield","name":"Pays a dividend","metric":"dividend_yield","operator":"gte","value":"2","points":20,"requiredFundamentals":["dividend_yield"]},
        {"id":"price","name":"Not too dear","metric":"pe_ratio","operator":"between","value":"5","value2":"22","points":25,"requiredFundamentals":["pe_ratio"]},
        {"id":"return","name":"Earns on its equity","metric":"roe","operator":"gt","value":"12.5","points":15,"requiredFundamentals":["roe"]},
        {"id":"debt","name":"Much debt","metric":"debt_to_equity","operator":"gt","value":"1.5","points":-30,"requiredFundamentals":["debt_to_equity"]}]
        """;

    private static readonly (string Name, decimal Min, decimal Max, decimal Least)[] Classes =
    [
        ("US shares", 35, 45, 100),
        ("European shares", 22, 28, 100),
        ("Bonds", 18, 22, 50),
        ("Real estate", 11, 15, 250),
    ];

    private static readonly (string Symbol, string Name, int Class, decimal Quantity, decimal Price, decimal?[] Figures)[] Held =
    [
        ("AAPL", "Apple", 0, 90, 231.4m, [0.44m, 31.2m, 147, 1.9m]),
        ("MSFT", "Microsoft", 0, 38, 412.8m, [0.72m, 34.6m, 37, 0.4m]),
        ("NESN", "Nestlé", 1, 80, 88.1m, [3.3m, 19.4m, 29.4m, 1.6m]),
        ("ASML", "ASML Holding", 1, 9, 690.2m, [0.96m, 36.1m, 51, null]),
        ("BND", "Total Bond Market", 2, 100, 73.6m, [3.6m, null, null, null]),
        ("VNQ", "Real Estate Index", 3, 52, 91.2m, [3.9m, 20.5m, 7.1m, 0.9m]),
        ("IAU", "Gold Trust", PortfolioHolding.Unclassified, 40, 49.7m, [null, null, null, null]),
    ];

    private static readonly Metric[] Metrics = [Metric.DividendYield, Metric.PeRatio, Metric.Roe, Metric.DebtToEquity];

    /// <returns>The run of the later night, and an asset that it did not put first.</returns>
    public static async Task<(Guid Run, Guid Asset)> AddExplainedNightsAsync(this PageStateData data, Guid user)
    {
        var criteria = Guid.CreateVersion7();
        Guid[] classes = [.. Classes.Select(_ => Guid.CreateVersion7())];
        Guid[] assets = [.. Held.Select(_ => Guid.CreateVersion7())];
        await data.Database.ExecuteAsync(
            "insert into criteria_versions (user_id, version, id, rules) values ($1, 1, $2, $3::text::json)",
            user,
            criteria,
            Rules
        );
        await AddAsync(new(2026, 11, 19), contribution: 1_200, priceOf: price => price * 0.985m);
        var run = await AddAsync(new(2026, 11, 20), contribution: 1_500, priceOf: price => price);
        return (run, assets[3]);

        async Task<Guid> AddAsync(DateOnly day, decimal contribution, Func<decimal, decimal> priceOf)
        {
            DateTimeOffset at = new(day, new(12, 31), TimeSpan.Zero);
            MarketSnapshot market = new(
                new(Guid.CreateVersion7(), "NYSE", day, at, at.AddHours(-15), at.AddHours(-21)),
                [.. Held.Select((held, index) => Asset(held, assets[index], priceOf(held.Price)))],
                new Dictionary<(string, string), decimal>()
            );
            var portfolio = Portfolio(user, criteria, classes, contribution);
            List<Criterion> rules = [];
            CriteriaReader.Read(Encoding.UTF8.GetBytes(Rules), rules);
            Core.Recommendations.Calculation calculation = new();
            calculation.Run(portfolio, rules.ToArray(), market);
            ResultWriter writer = new(market, new("NYSE", day, 1, Guid.CreateVersion7()));
            var entry = writer.Recommendations(portfolio, rules.ToArray(), calculation, at);
            var stored = await data.AddNightAsync(user, day, entry);
            await StoreAsync(data, user, day, stored, market, portfolio, calculation, rules.Count, at);
            await data.CacheAsync(user, entry);
            return stored;
        }
    }

    private static SnapshotAsset Asset(
        (string Symbol, string Name, int Class, decimal Quantity, decimal Price, decimal?[] Figures) held,
        Guid id,
        decimal price
    )
    {
        var figures = new decimal?[Core.Market.Metrics.Count];
        for (var i = 0; i < Metrics.Length; i++)
            figures[(int)Metrics[i]] = held.Figures[i];
        return new(id, held.Symbol, "USD", price, figures, held.Name);
    }

    private static UserPortfolio Portfolio(Guid user, Guid criteria, Guid[] classes, decimal contribution)
    {
        UserPortfolio portfolio = new()
        {
            UserId = user,
            BaseCurrency = "USD",
            Contribution = Decimal4.Round(contribution),
            CriteriaVersionId = criteria,
            CriteriaVersion = 1,
        };
        portfolio.Classes.AddRange(
            Classes.Select(
                (item, at) =>
                    new PortfolioClass(
                        classes[at],
                        Encoding.UTF8.GetBytes(item.Name),
                        Decimal4.Round(item.Min),
                        Decimal4.Round(item.Max),
                        Decimal4.Round(item.Least)
                    )
            )
        );
        portfolio.Holdings.AddRange(Held.Select((held, at) => new PortfolioHolding(at, held.Class, held.Quantity)));
        return portfolio;
    }

    private static async Task StoreAsync(
        PageStateData data,
        Guid user,
        DateOnly day,
        Guid run,
        MarketSnapshot market,
        UserPortfolio portfolio,
        Core.Recommendations.Calculation calculation,
        int criteria,
        DateTimeOffset at
    )
    {
        EventCodec events = new();
        var header = market.Header;
        await data.Database.ExecuteAsync(
            "insert into market_snapshots values ($1, $2, $3, $4, $5, $6, $7)",
            header.Id,
            header.Market,
            header.BusinessDate,
            header.TakenAt.UtcDateTime,
            header.PricesAsOf!.Value.UtcDateTime,
            header.RatesAsOf!.Value.UtcDateTime,
            MarketSnapshotCodec.Encode(market)
        );
        await data.Database.ExecuteAsync(
            "insert into calculation_events values ($1, $2, $3, 2, $4, $5), ($1, $2, $3, 3, $4, $6)",
            day,
            run,
            user,
            at.UtcDateTime,
            events.Inputs(portfolio, header.Id, at, ResultWriter.LatestVersion),
            events.Scores(calculation.Scores, criteria)
        );
        await data.Database.ExecuteAsync(
            "insert into current_results values ($1, $2, $3) on conflict (user_id) do update set business_date = $2, run_id = $3",
            user,
            day,
            run
        );
    }
}
