using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;

namespace Overnight.Core.Recommendations;

/// <summary>The share of a class in a portfolio, in percent with 4 decimals, compared with its target.</summary>
/// <param name="Value">In base currency, unrounded.</param>
/// <param name="Current">The class's value divided by the portfolio's value.</param>
/// <param name="Gap">Midpoint of the target range minus <paramref name="Current"/>.</param>
/// <param name="OverAllocated">Whether <paramref name="Current"/> exceeds the target's maximum, or the holdings have no class.</param>
public readonly record struct AllocationShare(decimal Value, Decimal4 Current, Decimal4 Gap, bool OverAllocated);

/// <summary>
/// Computes one user's scores, allocations and amounts. Pure: it depends on its arguments alone. One object is used for one user after
/// another, so that a batch allocates little; not thread-safe.
/// </summary>
public sealed class Calculation
{
    private static readonly decimal MaxValue = Decimal4.MaxValue.ToDecimal();

    private AssetScore[] _scores = new AssetScore[64];
    private decimal[] _values = new decimal[64];
    private RankedHolding[] _ranked = new RankedHolding[64];
    private AllocationShare[] _allocations = new AllocationShare[16];
    private decimal[] _sums = new decimal[16];
    private long[] _bought = new long[16];
    private Decimal4[] _sharesAfter = new Decimal4[16];
    private decimal _total;
    private int _holdings,
        _rankedCount,
        _classes;

    /// <summary>Scores by holding, in the portfolio's order; a holding without a price is scored as well.</summary>
    public ReadOnlySpan<AssetScore> Scores => _scores.AsSpan(0, _holdings);

    /// <summary>Shares by class, in the portfolio's order; holdings without a class add one at the end.</summary>
    public ReadOnlySpan<AllocationShare> Allocations => _allocations.AsSpan(0, _classes);

    /// <summary>Shares by class in percent once the amounts are bought, in the order of <see cref="Allocations"/>.</summary>
    public ReadOnlySpan<Decimal4> SharesAfter => _sharesAfter.AsSpan(0, _classes);

    /// <summary>Holdings with a price, best first, with their amounts.</summary>
    public ReadOnlySpan<RankedHolding> Ranked => _ranked.AsSpan(0, _rankedCount);

    /// <summary>Value of all holdings with a price, in base currency.</summary>
    public Decimal4 TotalValue { get; private set; }

    /// <summary>The part of the contribution that no holding could take, in base currency.</summary>
    public Decimal4 Unallocated { get; private set; }

    /// <summary>Cash that one class has beside its holdings; none when null.</summary>
    public HypotheticalCash? Cash { get; init; }

    /// <summary>Computes the result of one user, which the properties then return.</summary>
    /// <exception cref="CalculationException">No criteria, no holding with a price, a missing exchange rate, or a number out of
    /// range.</exception>
    public void Run(UserPortfolio portfolio, ReadOnlySpan<Criterion> criteria, MarketSnapshot market)
    {
        ArgumentNullException.ThrowIfNull(portfolio);
        ArgumentNullException.ThrowIfNull(market);
        if (criteria.IsEmpty)
            throw new CalculationException(CalculationStage.Load, "no_criteria", "The user has no criteria.");
        Prepare(portfolio);
        for (var i = 0; i < _holdings; i++)
            _scores[i] = Scorer.Score(criteria, market, portfolio.Holdings[i].Asset);
        try
        {
            Value(portfolio, market);
            Allocate(portfolio, Cash);
            Rank(portfolio, market);
            Unallocated = ContributionSplit.Distribute(_ranked.AsSpan(0, _rankedCount), portfolio.Contribution ?? Decimal4.Zero);
            ShareAfter();
        }
        catch (OverflowException)
        {
            throw OutOfRange("A value of the portfolio is outside the range of a number with 4 decimals, ±922,337,203,685,477.5807.");
        }
    }

    /// <summary>
    /// Computes <see cref="Allocations"/> and <see cref="TotalValue"/> anew from the values of the last run, for other targets or cash;
    /// scores, order and amounts stay those of the last run.
    /// </summary>
    /// <param name="portfolio">That of the last run, but for the targets of its classes.</param>
    internal void Reallocate(UserPortfolio portfolio, HypotheticalCash? cash)
    {
        _classes = portfolio.Classes.Count;
        Allocate(portfolio, cash);
    }

    /// <summary>As <see cref="Reallocate"/>, and the order and amounts that follow.</summary>
    internal void Recalculate(UserPortfolio portfolio, MarketSnapshot market, HypotheticalCash? cash)
    {
        Reallocate(portfolio, cash);
        Rank(portfolio, market);
        Unallocated = ContributionSplit.Distribute(_ranked.AsSpan(0, _rankedCount), portfolio.Contribution ?? Decimal4.Zero);
    }

    private void Prepare(UserPortfolio portfolio)
    {
        _holdings = portfolio.Holdings.Count;
        _classes = portfolio.Classes.Count;
        if (_scores.Length < _holdings)
        {
            _scores = new AssetScore[_holdings * 2];
            _values = new decimal[_holdings * 2];
            _ranked = new RankedHolding[_holdings * 2];
        }
        if (_allocations.Length < _classes + 1)
        {
            _allocations = new AllocationShare[_classes * 2 + 1];
            _sums = new decimal[_allocations.Length];
            _bought = new long[_allocations.Length];
            _sharesAfter = new Decimal4[_allocations.Length];
        }
    }

    /// <summary>Computes values in base currency; -1 for a holding without a price. A quantity of 0 is worth 0 without a rate.</summary>
    private void Value(UserPortfolio portfolio, MarketSnapshot market)
    {
        var prices = market.PricesIn(portfolio.BaseCurrency);
        var priced = 0;
        for (var i = 0; i < _holdings; i++)
        {
            var holding = portfolio.Holdings[i];
            var price = prices is null ? Unconverted(market, holding.Asset) : prices[holding.Asset];
            if (!decimal.IsNegative(price))
                _values[i] = holding.Quantity * price;
            else if (price == MarketSnapshot.NoPrice)
            {
                _values[i] = -1;
                continue;
            }
            else if (holding.Quantity == 0)
                _values[i] = 0;
            else
                throw price == MarketSnapshot.NoRate ? MissingRate(market, portfolio, i) : PriceOutOfRange(market, portfolio, i);
            priced++;
        }
        if (priced == 0)
            throw new CalculationException(CalculationStage.Score, "no_priced_holding", $"None of the {_holdings} holdings has a price.");
    }

    /// <summary>The price in a base currency that the snapshot does not contain.</summary>
    private static decimal Unconverted(MarketSnapshot market, int asset) =>
        market.Assets[asset].Price is null ? MarketSnapshot.NoPrice : MarketSnapshot.NoRate;

    private static CalculationException MissingRate(MarketSnapshot market, UserPortfolio portfolio, int holding) =>
        new(
            CalculationStage.Recommend,
            "missing_exchange_rate",
            $"There is no exchange rate from {market.Assets[portfolio.Holdings[holding].Asset].Currency} to {portfolio.BaseCurrency}."
        );

    private static CalculationException PriceOutOfRange(MarketSnapshot market, UserPortfolio portfolio, int holding)
    {
        var asset = market.Assets[portfolio.Holdings[holding].Asset];
        return OutOfRange(
            $"The price of {asset.Symbol}, {asset.Price} {asset.Currency}, can't be converted to {portfolio.BaseCurrency}: the value is too large."
        );
    }

    private static CalculationException OutOfRange(string detail) => new(CalculationStage.Recommend, "out_of_range", detail);

    private void Allocate(UserPortfolio portfolio, HypotheticalCash? cash)
    {
        var sums = _sums.AsSpan(0, _classes + 1);
        sums.Clear();
        decimal total = 0;
        var unclassified = false;
        for (var i = 0; i < _holdings; i++)
        {
            if (_values[i] < 0)
                continue;
            var index = portfolio.Holdings[i].Class;
            unclassified |= index == PortfolioHolding.Unclassified;
            sums[index == PortfolioHolding.Unclassified ? _classes : index] += _values[i];
            total += _values[i];
        }
        if (cash is { } added)
        {
            unclassified |= added.Class == PortfolioHolding.Unclassified;
            ref var sum = ref sums[added.Class == PortfolioHolding.Unclassified ? _classes : added.Class];
            if (sum + added.Amount < 0)
                throw OutOfRange(
                    $"Cash of {added.Amount} {portfolio.BaseCurrency} leaves its class with a value below 0; it has {Decimal4.Round(sum)}."
                );
            sum += added.Amount;
            total += added.Amount;
        }
        if (total > MaxValue)
            throw OutOfRange(
                $"The portfolio's value is {total} {portfolio.BaseCurrency}; the largest value that can be calculated is {Decimal4.MaxValue}."
            );
        _total = total;
        TotalValue = Decimal4.Round(total);
        for (var i = 0; i < _classes; i++)
        {
            var target = portfolio.Classes[i];
            var current = Share(sums[i], total);
            var gap = Decimal4.Divide((Int128)target.TargetMin.Units + target.TargetMax.Units - 2 * (Int128)current.Units, 2);
            _allocations[i] = new(sums[i], current, gap, current > target.TargetMax);
        }
        if (unclassified)
        {
            var current = Share(sums[_classes], total);
            _allocations[_classes++] = new(sums[_classes - 1], current, -current, true);
        }
    }

    private static Decimal4 Share(decimal value, decimal total) => total == 0 ? Decimal4.Zero : Decimal4.Round(value * 100 / total);

    /// <summary>
    /// Class gap x score / 100. Two negative factors would give a positive one, but an overweight class with a bad score must not be
    /// bought.
    /// </summary>
    internal static Decimal4 Priority(Decimal4 gap, Decimal4 score)
    {
        var priority = Decimal4.Divide((Int128)gap.Units * score.Units, 1_000_000);
        return gap.IsNegative && score.IsNegative ? -priority : priority;
    }

    private void Rank(UserPortfolio portfolio, MarketSnapshot market)
    {
        _rankedCount = 0;
        for (var i = 0; i < _holdings; i++)
        {
            if (_values[i] < 0)
                continue;
            var holding = portfolio.Holdings[i];
            var index = holding.Class == PortfolioHolding.Unclassified ? _classes - 1 : holding.Class;
            ref readonly var share = ref _allocations[index];
            var priority = Priority(share.Gap, _scores[i].Score);
            var minimum = holding.Class == PortfolioHolding.Unclassified ? Decimal4.Zero : portfolio.Classes[index].MinAmount;
            _ranked[_rankedCount++] = new(i, index, market.SymbolRanks[holding.Asset], priority, minimum, share.OverAllocated);
        }
        _ranked.AsSpan(0, _rankedCount).Sort();
    }

    /// <summary>100 x (class value + amounts of the class) / (total + all amounts), of the unrounded values.</summary>
    private void ShareAfter()
    {
        var bought = _bought.AsSpan(0, _classes);
        bought.Clear();
        long all = 0;
        foreach (ref readonly var holding in Ranked)
        {
            // The amounts add up to the contribution at most, so that no sum overflows.
            bought[holding.Allocation] += holding.Amount.Units;
            all += holding.Amount.Units;
        }
        var total = _total + new Decimal4(all).ToDecimal();
        for (var i = 0; i < _classes; i++)
        {
            ref readonly var allocation = ref _allocations[i];
            _sharesAfter[i] = all == 0 ? allocation.Current : Share(allocation.Value + new Decimal4(bought[i]).ToDecimal(), total);
        }
    }
}
