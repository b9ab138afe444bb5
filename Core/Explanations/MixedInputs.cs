using Overnight.Core.Market;
using Overnight.Core.Portfolios;

namespace Overnight.Core.Explanations;

/// <summary>
/// Inputs that are partly those of an older and partly those of a newer result. Assets are joined by id, classes by id. A value that only
/// one side has is taken from it: a class, an exchange rate, an asset of a snapshot, and the price or a fundamental of an asset that the
/// side without it does not hold. A holding whose price is unknown on its own side was left out there, and stays so.
/// </summary>
internal sealed class MixedInputs(CalculationInputs before, CalculationInputs after)
{
    private readonly Side _before = new(before);
    private readonly Side _after = new(after);

    /// <param name="isTaken">Whether a factor is that of the newer result.</param>
    public CalculationInputs Take(Func<ChangeFactor, bool> isTaken)
    {
        var held = Of(ChangeFactor.Holdings).Inputs;
        var (quotes, figures) = (Of(ChangeFactor.Prices), Of(ChangeFactor.Fundamentals));
        var ids = held.Portfolio.Holdings.Select(h => held.Market.Assets[h.Asset].Id).Distinct().OrderBy(OrdinalIn(quotes)).ToList();
        SnapshotAsset[] assets = [.. ids.Select(id => Quote(quotes, id) with { Fundamentals = Figures(figures, id) })];

        var classes = ClassesOf(Of(ChangeFactor.Targets));
        var holdings = held.Portfolio.Holdings.Select(h => new PortfolioHolding(
            ids.IndexOf(held.Market.Assets[h.Asset].Id),
            h.Class == PortfolioHolding.Unclassified ? h.Class : classes.FindIndex(c => c.Id == held.Portfolio.Classes[h.Class].Id),
            h.Quantity
        ));
        var portfolio = CalculationInputs.Copy(held.Portfolio, classes, holdings);
        portfolio.Contribution = Of(ChangeFactor.Contribution).Inputs.Portfolio.Contribution;
        return new(
            Of(ChangeFactor.Rules).Inputs.RuleVersion,
            portfolio,
            Of(ChangeFactor.Criteria).Inputs.Criteria,
            new(quotes.Inputs.Market.Header, assets, RatesOf(Of(ChangeFactor.Rates), assets, portfolio.BaseCurrency))
        )
        {
            Rules = _after.Inputs.Rules,
        };

        Side Of(ChangeFactor factor) => isTaken(factor) ? _after : _before;
    }

    private Side Other(Side side) => side == _before ? _after : _before;

    /// <summary>Symbols are unique in a market, but the order of its snapshot decides if they are not.</summary>
    private static Func<Guid, int> OrdinalIn(Side side) =>
        id => side.Inputs.Market.TryGetOrdinal(id, out var ordinal) ? ordinal : int.MaxValue;

    private SnapshotAsset Quote(Side side, Guid id)
    {
        var other = Other(side).Find(id);
        if (side.Find(id) is not { } asset)
            return other!;
        return asset.Price is null && !side.Holds(id) && other is not null
            ? asset with
            {
                Price = other.Price,
                Currency = other.Currency,
            }
            : asset;
    }

    private decimal?[] Figures(Side side, Guid id)
    {
        var other = Other(side).Find(id)?.Fundamentals;
        if (side.Find(id)?.Fundamentals is not { } figures)
            return other!;
        return side.Holds(id) || other is null ? figures : [.. figures.Zip(other, (own, others) => own ?? others)];
    }

    private List<PortfolioClass> ClassesOf(Side side)
    {
        var classes = side.Inputs.Portfolio.Classes;
        return [.. classes, .. Other(side).Inputs.Portfolio.Classes.Where(c => !classes.Exists(own => own.Id == c.Id))];
    }

    private Dictionary<(string, string), decimal> RatesOf(Side side, SnapshotAsset[] assets, string baseCurrency)
    {
        Dictionary<(string, string), decimal> rates = [];
        foreach (var pair in assets.Select(a => (a.Currency, baseCurrency)).Distinct())
        {
            if (side.Inputs.Market.Rates.TryGetValue(pair, out var rate) || Other(side).Inputs.Market.Rates.TryGetValue(pair, out rate))
                rates[pair] = rate;
        }
        return rates;
    }

    private sealed class Side(CalculationInputs inputs)
    {
        private readonly HashSet<Guid> _held = [.. inputs.Portfolio.Holdings.Select(h => inputs.Market.Assets[h.Asset].Id)];

        public CalculationInputs Inputs => inputs;

        public bool Holds(Guid id) => _held.Contains(id);

        public SnapshotAsset? Find(Guid id) => inputs.Market.TryGetOrdinal(id, out var ordinal) ? inputs.Market.Assets[ordinal] : null;
    }
}
