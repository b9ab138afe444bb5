using Overnight.Core.Auditing;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Proof;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;

namespace Overnight.Core.Explanations;

/// <summary>Everything that one calculation depends on, as it was captured (SPEC A6). Explanations change copies of it alone.</summary>
/// <param name="RuleVersion">Version of the calculation rules, <see cref="EventCodec.RuleVersion"/>.</param>
/// <param name="Portfolio">Holdings, classes with targets and minimums, contribution and base currency.</param>
/// <param name="Criteria">In the user's order, at most <see cref="Scorer.MaxCriteria"/>.</param>
/// <param name="Market">Prices, fundamentals and exchange rates; has every asset of the portfolio.</param>
/// <param name="Cash">Cash that one class has beside its holdings; null in what was captured.</param>
public sealed record CalculationInputs(
    int RuleVersion,
    UserPortfolio Portfolio,
    ReadOnlyMemory<Criterion> Criteria,
    MarketSnapshot Market,
    HypotheticalCash? Cash = null
)
{
    /// <summary>Every version of the rules that a stored result can have been calculated by.</summary>
    internal IReadOnlyDictionary<int, CalculationRule> Rules { get; init; } = CalculationReplay.Rules;

    /// <summary>Whether a value that the result depends on was the last stored one, since no provider delivered it.</summary>
    public bool HasStaleValues => Market.Staleness.Of(Portfolio, Market.Assets) is not null;

    /// <summary>Whether the portfolio has the asset, priced or not.</summary>
    public bool Holds(Guid asset) => Portfolio.Holdings.Exists(holding => Market.Assets[holding.Asset].Id == asset);

    /// <summary>Computes the result of these inputs, by the rules that they name.</summary>
    /// <exception cref="CalculationException">As <see cref="Calculation.Run"/>; or rules that this build does not have
    /// (<c>unknown_rules</c>).</exception>
    public Calculation Calculate()
    {
        if (!Rules.TryGetValue(RuleVersion, out var rule))
            throw UnknownRules($"this build knows the versions {string.Join(", ", Rules.Keys.Order())}.");
        Calculation calculation = new() { Cash = Cash };
        rule(calculation, Portfolio, Criteria.Span, Market);
        return calculation;
    }

    /// <summary>For what takes a calculation apart, which is done by the newest rules alone.</summary>
    /// <exception cref="CalculationException">The inputs name other rules (<c>unknown_rules</c>).</exception>
    internal void RequireNewestRules()
    {
        if (RuleVersion != EventCodec.RuleVersion)
            throw UnknownRules($"only results of version {EventCodec.RuleVersion} are explained; changes and what-ifs know all versions.");
    }

    private CalculationException UnknownRules(string known) =>
        new(CalculationStage.Load, "unknown_rules", $"The result was calculated by rule version {RuleVersion}; {known}");

    /// <summary>
    /// The same inputs over a snapshot of the portfolio's own assets and rates, of which a changed copy costs little. Results are the same.
    /// </summary>
    /// <param name="change">Returns the asset to put in an asset's place; none is replaced when null.</param>
    internal CalculationInputs Narrow(Func<SnapshotAsset, SnapshotAsset>? change = null)
    {
        // In the order of the snapshot, which decides between equal symbols.
        int[] kept = [.. Portfolio.Holdings.Select(h => h.Asset).Distinct().Order()];
        SnapshotAsset[] assets = [.. kept.Select(a => change is null ? Market.Assets[a] : change(Market.Assets[a]))];
        Dictionary<(string, string), decimal> rates = [];
        foreach (var pair in assets.Select(a => (a.Currency, Portfolio.BaseCurrency)).Distinct())
        {
            if (Market.Rates.TryGetValue(pair, out var rate))
                rates[pair] = rate;
        }
        var holdings = Portfolio.Holdings.Select(h => h with { Asset = Array.BinarySearch(kept, h.Asset) });
        return this with
        {
            Portfolio = Copy(Portfolio, Portfolio.Classes, holdings),
            Market = new(Market.Header, assets, rates, Market.Staleness.Narrow(kept)),
        };
    }

    /// <summary>The same inputs with another target of one class.</summary>
    internal CalculationInputs WithTarget(int index, Decimal4 minimum, Decimal4 maximum)
    {
        var portfolio = Copy(Portfolio, Portfolio.Classes, Portfolio.Holdings);
        portfolio.Classes[index] = portfolio.Classes[index] with { TargetMin = minimum, TargetMax = maximum };
        return this with { Portfolio = portfolio };
    }

    /// <summary>A portfolio of the same user with other classes and holdings.</summary>
    internal static UserPortfolio Copy(UserPortfolio source, IEnumerable<PortfolioClass> classes, IEnumerable<PortfolioHolding> holdings)
    {
        UserPortfolio copy = new()
        {
            UserId = source.UserId,
            BaseCurrency = source.BaseCurrency,
            Contribution = source.Contribution,
            CriteriaVersionId = source.CriteriaVersionId,
            CriteriaVersion = source.CriteriaVersion,
        };
        copy.Classes.AddRange(classes);
        copy.Holdings.AddRange(holdings);
        return copy;
    }
}
