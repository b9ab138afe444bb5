namespace Overnight.Core.Explanations;

/// <summary>
/// What changed between two results of a user, for programs: the difference of each amount in parts that add up exactly. Decimals are
/// strings; amounts are in base currency.
/// </summary>
/// <param name="Order">The order in which factors were taken from the newer result, on which the parts depend.</param>
/// <param name="IsSplit">False between two base currencies, whose amounts have no difference to split.</param>
/// <param name="Steps">The factors of each part: one each, or several where the inputs between them can't be calculated.</param>
/// <param name="Holdings">Those of the newer result in its order, then those of the older one.</param>
public sealed record ChangesDocument(
    ExplainedRun Before,
    ExplainedRun After,
    Guid UserId,
    string BaseCurrencyBefore,
    string BaseCurrencyAfter,
    IReadOnlyList<string> Order,
    bool IsSplit,
    IReadOnlyList<IReadOnlyList<string>> Steps,
    IReadOnlyList<HoldingChangeDocument> Holdings
)
{
    /// <exception cref="Portfolios.CalculationException">One of the two results can't be calculated again.</exception>
    public static ChangesDocument Of(CapturedCalculation before, CapturedCalculation after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var changes = ResultChanges.Between(before.Inputs, after.Inputs);
        return new(
            ExplainedRun.Of(before),
            ExplainedRun.Of(after),
            after.UserId,
            changes.BaseCurrencyBefore,
            changes.BaseCurrencyAfter,
            [.. Enum.GetValues<ChangeFactor>().Select(NameOf)],
            changes.IsSplit,
            [.. changes.Steps.Select(step => (IReadOnlyList<string>)[.. step.Select(NameOf)])],
            [.. changes.Holdings.Select(holding => Of(before, after, holding, changes.IsSplit))]
        );
    }

    private static HoldingChangeDocument Of(CapturedCalculation before, CapturedCalculation after, HoldingChange holding, bool isSplit) =>
        new(
            holding.AssetId,
            holding.Symbol,
            NameIn(after, holding.AssetId) ?? NameIn(before, holding.AssetId),
            holding.Before?.ToString(),
            holding.After?.ToString(),
            isSplit ? ((holding.After ?? default) - (holding.Before ?? default)).ToString() : null,
            [.. holding.Parts.Select(part => part.ToString())]
        );

    private static string? NameIn(CapturedCalculation result, Guid asset) =>
        result.Inputs.Market.TryGetOrdinal(asset, out var ordinal) ? result.Inputs.Market.Assets[ordinal].Name : null;

    private static string NameOf(ChangeFactor factor) => factor.ToString().ToLowerInvariant();
}

/// <param name="Before">Null when the older result does not have the holding.</param>
/// <param name="After">Null when the newer result does not have it.</param>
/// <param name="Difference">After minus before, where absent counts 0; null where it was not split.</param>
/// <param name="Parts">A part for each of the steps; they add up to the difference.</param>
public sealed record HoldingChangeDocument(
    Guid AssetId,
    string Symbol,
    string? Name,
    string? Before,
    string? After,
    string? Difference,
    IReadOnlyList<string> Parts
);
