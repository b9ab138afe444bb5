using System.Text.Json.Serialization;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;

namespace Overnight.Core.Explanations;

/// <summary>Why one holding of a result has its amount, and what would have made it the first to buy.</summary>
/// <param name="First">Null for a holding without a price, which no change makes first, and where it was not searched for.</param>
public sealed record HoldingWhyDocument(
    ExplainedRun Run,
    Guid UserId,
    string BaseCurrency,
    string TotalValue,
    string? Contribution,
    WhyHolding Holding,
    CounterfactualsDocument? First
)
{
    /// <returns>
    /// The explanation without <see cref="First"/>, which takes a search, and the holding's index; null when the result does not have the
    /// asset.
    /// </returns>
    public static (HoldingWhyDocument Document, int Holding)? Of(CapturedCalculation result, Guid asset)
    {
        ArgumentNullException.ThrowIfNull(result);
        var inputs = result.Inputs;
        var explained = ResultExplanation.Of(inputs);
        if (explained.Holdings.FirstOrDefault(one => one.AssetId == asset) is not { } holding)
            return null;
        HoldingWhyDocument document = new(
            ExplainedRun.Of(result),
            result.UserId,
            explained.BaseCurrency,
            explained.TotalValue.ToString(),
            explained.Contribution?.ToString(),
            WhyHolding.Of(inputs, holding),
            null
        );
        return (document, holding.Holding);
    }
}

/// <summary>
/// The least change of each kind that makes a holding first, which is rank 1 and, with a contribution, an amount above 0. Null where no
/// change of the kind does; all are null for a holding that is first. Kinds are not compared with each other.
/// </summary>
public sealed record CounterfactualsDocument(bool IsFirst, FirstFundamental? Fundamental, FirstTarget? Target, FirstCash? Cash)
{
    /// <param name="holding">Index into the portfolio's holdings.</param>
    /// <exception cref="OperationCanceledException">The search was cancelled: some portfolios take seconds.</exception>
    public static CounterfactualsDocument Find(CapturedCalculation result, int holding, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Of(result, Counterfactuals.Of(result.Inputs, holding, ct));
    }

    private static CounterfactualsDocument Of(CapturedCalculation result, Counterfactuals found)
    {
        var (inputs, href) = (result.Inputs, $"/api/what-if?run={result.RunId:D}&user={result.UserId:D}");
        return new(found.IsFirst, Of(inputs, found.Fundamental, href), Of(inputs, found.Target, href), Of(inputs, found.Cash, href));
    }

    private static FirstFundamental? Of(CalculationInputs inputs, FundamentalChange? change, string href)
    {
        if (change is null)
            return null;
        var (criterion, metric) = (inputs.Criteria.Span[change.Criterion], Metrics.Names[(int)change.Metric]);
        return new(
            metric,
            WhyDocument.Exact(change.From),
            WhyDocument.Exact(change.To),
            WhyDocument.Text(criterion.IdJson.Span),
            WhyDocument.Text(criterion.NameJson.Span),
            new(href, new(new(change.AssetId, metric, WhyDocument.Exact(change.To)), null, null))
        );
    }

    private static FirstTarget? Of(CalculationInputs inputs, TargetShift? shift, string href)
    {
        if (shift is null)
            return null;
        var own = inputs.Portfolio.Classes[shift.Class];
        var points = (shift.TargetMin - own.TargetMin).ToString();
        return new(
            own.Id,
            WhyDocument.Text(own.NameJson.Span),
            points,
            shift.TargetMin.ToString(),
            shift.TargetMax.ToString(),
            new(href, new(null, new(own.Id, points), null))
        );
    }

    private static FirstCash? Of(CalculationInputs inputs, CashChange? change, string href)
    {
        if (change is not { Cash: var cash })
            return null;
        var isOwn = cash.Class != PortfolioHolding.Unclassified;
        Guid? id = isOwn ? inputs.Portfolio.Classes[cash.Class].Id : null;
        var amount = WhyDocument.Exact(cash.Amount);
        return new(
            id,
            isOwn ? WhyDocument.Text(inputs.Portfolio.Classes[cash.Class].NameJson.Span) : "unclassified",
            amount,
            new(href, new(null, null, new(id, amount)))
        );
    }
}

/// <param name="Criterion">Name of the criterion whose bound <paramref name="To"/> is, or is beside.</param>
/// <param name="WhatIf">The question whose answer has the holding first.</param>
public sealed record FirstFundamental(string Metric, string From, string To, string CriterionId, string Criterion, WhatIfProof WhatIf);

/// <param name="Points">Percentage points by which the range of the class is moved, of either sign.</param>
public sealed record FirstTarget(Guid ClassId, string ClassName, string Points, string TargetMin, string TargetMax, WhatIfProof WhatIf);

/// <param name="ClassId">Null for the holdings without a class.</param>
/// <param name="Amount">Value more or less in the class, in base currency.</param>
public sealed record FirstCash(Guid? ClassId, string ClassName, string Amount, WhatIfProof WhatIf);

/// <summary>A request that proves a change: POST <paramref name="Body"/> to <paramref name="Href"/>.</summary>
public sealed record WhatIfProof(string Href, WhatIfBody Body);

/// <summary>The body of a what-if with one of the three changes.</summary>
public sealed record WhatIfBody(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WhatIfFundamental? Fundamental,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WhatIfShift? Shift,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WhatIfCash? Cash
);

public sealed record WhatIfFundamental(Guid AssetId, string Metric, string Value);

public sealed record WhatIfShift(Guid ClassId, string Points);

public sealed record WhatIfCash(Guid? ClassId, string Amount);
