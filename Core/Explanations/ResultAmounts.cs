using Overnight.Core.Portfolios;

namespace Overnight.Core.Explanations;

/// <summary>The amounts of one result by asset.</summary>
internal sealed class ResultAmounts
{
    private readonly Dictionary<Guid, Decimal4> _byAsset = [];

    /// <summary>The holdings of the result, best first.</summary>
    public List<(Guid AssetId, string Symbol)> Holdings { get; } = [];

    /// <returns>Null for an asset that the result does not have.</returns>
    public Decimal4? Find(Guid assetId) => _byAsset.TryGetValue(assetId, out var amount) ? amount : null;

    /// <exception cref="CalculationException">The inputs can't be calculated.</exception>
    public static ResultAmounts Of(CalculationInputs inputs)
    {
        var calculation = inputs.Calculate();
        ResultAmounts amounts = new();
        foreach (ref readonly var ranked in calculation.Ranked)
        {
            var asset = inputs.Market.Assets[inputs.Portfolio.Holdings[ranked.Holding].Asset];
            amounts.Holdings.Add((asset.Id, asset.Symbol));
            amounts._byAsset[asset.Id] = amounts._byAsset.GetValueOrDefault(asset.Id) + ranked.Amount;
        }
        return amounts;
    }

    /// <returns>Null when the inputs can't be calculated, as a mixture of two results' inputs may be.</returns>
    public static ResultAmounts? TryOf(CalculationInputs inputs)
    {
        try
        {
            return Of(inputs);
        }
        catch (CalculationException)
        {
            // For example a price of one night without a rate of the other: the step is named together with the next.
            return null;
        }
    }
}
