using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Overnight.Core.Auditing;
using Overnight.Core.Explanations;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;
using static Overnight.Tests.Explanations.CaseText;

namespace Overnight.Tests.Explanations;

/// <summary>The product's inputs of a case, and its answers in the words of a case.</summary>
internal static class CoreAnswers
{
    private static readonly MarketSnapshotHeader Header = new(Guid.Empty, "NYSE", default, default, null, null);

    public static CalculationInputs Inputs(CaseInput input)
    {
        UserPortfolio portfolio = new() { BaseCurrency = input.BaseCurrency };
        portfolio.Contribution = input.Contribution is { } contribution ? Decimal4.Round(contribution) : null;
        foreach (var one in input.Classes)
        {
            portfolio.Classes.Add(
                new(
                    Id(one.ClassId),
                    Encoding.UTF8.GetBytes(one.ClassName),
                    Decimal4.Round(one.Min),
                    Decimal4.Round(one.Max),
                    Decimal4.Round(one.MinAllocationValue ?? 0)
                )
            );
        }
        List<SnapshotAsset> assets = [];
        foreach (var asset in input.Assets)
        {
            if (!asset.Ignored)
            {
                var index = asset.ClassId is null
                    ? PortfolioHolding.Unclassified
                    : input.Classes.FindIndex(c => c.ClassId == asset.ClassId);
                portfolio.Holdings.Add(new(assets.Count, index, asset.Quantity));
            }
            assets.Add(new(Id(asset.AssetId), asset.Symbol, asset.Currency, asset.Price, [.. Metrics.Names.Select(asset.Figure)]));
        }
        List<Criterion> criteria = [];
        CriteriaParser.Read(JsonSerializer.SerializeToUtf8Bytes(input.Criteria, CaseInput.Json), criteria);
        var rates = input.Rates.ToDictionary(r => (r.Key[..3], r.Key[4..]), r => r.Value);
        return new(EventCodec.RuleVersion, portfolio, criteria.ToArray(), new(Header, assets, rates));
    }

    public static List<WhyAnswer> Why(CaseInput input) =>
        [
            .. ResultExplanation
                .Of(Inputs(input))
                .Holdings.Select(h => new WhyAnswer(
                    input.Holdings[h.Holding].AssetId,
                    h.Class?.Share.ToString(),
                    h.Class?.TargetMin.ToString(),
                    h.Class?.TargetMax.ToString(),
                    h.Class?.Gap.ToString(),
                    [.. h.Criteria.Select(Criterion)],
                    h.Score.ToString(),
                    h.Priority?.ToString(),
                    h.Rank,
                    new(
                        Fixed(h.Parts.Share),
                        Fixed(h.Parts.PooledOut),
                        Fixed(h.Parts.PooledIn),
                        Fixed(h.Parts.Remainder),
                        h.Amount.ToString()
                    )
                )),
        ];

    private static CriterionAnswer Criterion(CriterionExplanation one) =>
        new(
            Encoding.UTF8.GetString(one.Criterion.IdJson.Span),
            one.Value is { } value ? Exact(value) : null,
            one.Outcome switch
            {
                CriterionOutcome.Matched => "matched",
                CriterionOutcome.Missed => "missed",
                _ => "skipped",
            },
            one.Outcome == CriterionOutcome.Skipped ? [.. one.Missing.Select(m => Metrics.Names[(int)m])] : null,
            one.Points.ToString()
        );

    public static FirstAnswer First(CaseInput input, int holding, CashGrid grid) =>
        Answer(input, holding, Counterfactuals.Of(Inputs(input), holding, grid, new(TestContext.Current.CancellationToken)));

    public static FirstAnswer Answer(CaseInput input, int holding, Counterfactuals found) =>
        new(
            input.Holdings[holding].AssetId,
            found.IsFirst,
            found.Fundamental is { } fundamental
                ? new(
                    Metrics.Names[(int)fundamental.Metric],
                    Exact(fundamental.From),
                    Exact(fundamental.To),
                    input.Criteria[fundamental.Criterion].Id
                )
                : null,
            found.Target is { } target
                ? new(input.Classes[target.Class].ClassId, target.Steps, target.TargetMin.ToString(), target.TargetMax.ToString())
                : null,
            found.Cash is { } cash
                ? new(
                    cash.Cash.Class == PortfolioHolding.Unclassified ? "unclassified" : input.Classes[cash.Cash.Class].ClassId,
                    cash.Steps,
                    Exact(cash.Cash.Amount)
                )
                : null
        );

    public static ChangesAnswer Changes(CaseInput before, CaseInput after)
    {
        var changes = ResultChanges.Between(Inputs(before), Inputs(after));
        var ids = before.Assets.Concat(after.Assets).DistinctBy(a => a.AssetId).ToDictionary(a => Id(a.AssetId), a => a.AssetId);
        return new(
            [.. changes.Steps.Select(s => s.Select(f => f.ToString().ToLowerInvariant()).ToList())],
            [
                .. changes.Holdings.Select(h => new ChangeAnswer(
                    ids[h.AssetId],
                    h.Before?.ToString(),
                    h.After?.ToString(),
                    [.. h.Parts.Select(p => p.ToString())]
                )),
            ]
        );
    }

    /// <summary>The same id for the same name, so that two cases join.</summary>
    private static Guid Id(string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));
}
