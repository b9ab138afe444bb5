namespace Overnight.Tests.Properties;

/// <summary>What a user's calculation must come to.</summary>
/// <param name="Failure"><c>stage/reason</c>; null when it is computed.</param>
/// <param name="Total">The portfolio's value, as a floating-point number.</param>
internal readonly record struct ExpectedOutcome(string? Failure, double Total)
{
    private const double MostAmount = 922_337_203_685_477.5807,
        MostDecimal = 79_228_162_514_264_337_593_543_950_335.0,
        LeastCross = 1e-18,
        MostCross = 1e28;

    /// <summary>
    /// By SPEC, Scoring and Recommending, and by floating point: only magnitudes matter here, and nothing of the product is used.
    /// </summary>
    public static ExpectedOutcome Of(RandomUser user, KnownMarket market)
    {
        if (user.Kind is CriteriaKind.None or CriteriaKind.Empty)
            return new("load/no_criteria", 0);
        if (user.Kind == CriteriaKind.Corrupt)
            return new("load/corrupt_criteria", 0);
        var (priced, total) = (0, 0.0);
        foreach (var holding in user.Holdings.Where(h => !h.Ignored).OrderBy(h => h.Asset))
        {
            if (market.PriceOf(holding.Asset) is not { } price)
                continue;
            priced++;
            if (holding.Quantity == 0)
                continue;
            if (market.RateOf(market.CurrencyOf(holding.Asset), user.BaseCurrency) is not { } rate)
                return new("recommend/missing_exchange_rate", 0);
            var value = (double)holding.Quantity * price * rate;
            if (price * rate > MostDecimal || value > MostDecimal)
                return new("recommend/out_of_range", 0);
            total += value;
        }
        return priced == 0 ? new("score/no_priced_holding", 0)
            : total > MostAmount ? new("recommend/out_of_range", 0)
            : new(null, total);
    }

    /// <summary>A rate that is believed of two currencies against the dollar, or quoted itself; null when there is none.</summary>
    internal static double? Cross(double? one, double? other) =>
        one is { } divisor && other is { } dividend && dividend / divisor is >= LeastCross and <= MostCross and var rate ? rate : null;
}

/// <summary>What of a night's market is believed: the newest values within the bounds.</summary>
internal sealed class KnownMarket
{
    private const decimal LeastPrice = 0.00000001m,
        MostPrice = 10_000_000_000m,
        LeastRate = 0.00000000001m,
        MostRate = 1_000_000_000_000m;

    private readonly Dictionary<Guid, string> _currencies;
    private readonly Dictionary<Guid, double> _prices;
    private readonly Dictionary<(string, string), double> _quoted = [];
    private readonly Dictionary<string, double> _perDollar = new(StringComparer.Ordinal) { ["USD"] = 1 };

    public KnownMarket(IReadOnlyList<MarketAsset> assets, RandomMarket market)
    {
        _currencies = assets.ToDictionary(a => a.Id, a => a.Currency);
        _prices = market
            .Prices.Where(p => p.Price is >= LeastPrice and <= MostPrice)
            .GroupBy(p => p.Asset)
            .ToDictionary(g => g.Key, g => (double)g.MaxBy(p => p.AsOf)!.Price);
        var newest = market
            .Rates.Where(r => r.Rate is >= LeastRate and <= MostRate)
            .GroupBy(r => string.CompareOrdinal(r.Base, r.Quote) < 0 ? (r.Base, r.Quote) : (r.Quote, r.Base))
            .Select(g => g.OrderByDescending(r => r.AsOf).ThenBy(r => r.Base, StringComparer.Ordinal).First());
        foreach (var rate in newest)
        {
            _quoted[(rate.Base, rate.Quote)] = (double)rate.Rate;
            if (rate.Base == "USD")
                _perDollar[rate.Quote] = (double)rate.Rate;
            else if (rate.Quote == "USD")
                _perDollar[rate.Base] = 1 / (double)rate.Rate;
        }
    }

    public string CurrencyOf(Guid asset) => _currencies[asset];

    public double? PriceOf(Guid asset) => _prices.TryGetValue(asset, out var price) ? price : null;

    public double? RateOf(string from, string to)
    {
        if (from == to)
            return 1;
        if (_quoted.TryGetValue((from, to), out var quoted))
            return quoted;
        if (_quoted.TryGetValue((to, from), out var inverse))
            return ExpectedOutcome.Cross(inverse, 1);
        return ExpectedOutcome.Cross(Find(from), Find(to));

        double? Find(string currency) => _perDollar.TryGetValue(currency, out var rate) ? rate : null;
    }
}
