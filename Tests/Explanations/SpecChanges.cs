using static Overnight.Tests.Explanations.CaseText;

namespace Overnight.Tests.Explanations;

/// <summary>
/// The oracle of a change between two results: inputs are mixed by names, by nothing of the product. Factors are <c>rules</c>,
/// <c>rates</c>, <c>prices</c>, <c>fundamentals</c>, <c>holdings</c>, <c>criteria</c>, <c>targets</c> and <c>contribution</c>.
/// </summary>
internal static class SpecChanges
{
    public static readonly string[] Order = ["rules", "rates", "prices", "fundamentals", "holdings", "criteria", "targets", "contribution"];

    public static ChangesAnswer Split(CaseInput before, CaseInput after, IReadOnlyList<string> order)
    {
        var (first, last) = (AmountsOf(before)!, AmountsOf(after)!);
        if (before.BaseCurrency != after.BaseCurrency)
            return new([], [.. Answers([first, last], first, last, split: false)]);
        List<Dictionary<string, decimal>> states = [first];
        List<List<string>> steps =
        [
            [],
        ];
        HashSet<string> taken = [];
        foreach (var factor in order)
        {
            taken.Add(factor);
            steps[^1].Add(factor);
            if (AmountsOf(Mix(before, after, taken)) is not { } state)
                continue;
            states.Add(state);
            steps.Add([]);
        }
        return new(steps[..^1], [.. Answers(states, first, last, split: true)]);
    }

    private static IEnumerable<ChangeAnswer> Answers(
        List<Dictionary<string, decimal>> states,
        Dictionary<string, decimal> first,
        Dictionary<string, decimal> last,
        bool split
    ) =>
        last
            .Keys.Concat(states.SelectMany(s => s.Keys))
            .Distinct()
            .Select(id => new ChangeAnswer(
                id,
                first.TryGetValue(id, out var from) ? Fixed(from) : null,
                last.TryGetValue(id, out var to) ? Fixed(to) : null,
                split
                    ?
                    [
                        .. Enumerable
                            .Range(1, states.Count - 1)
                            .Select(i => Fixed(states[i].GetValueOrDefault(id) - states[i - 1].GetValueOrDefault(id))),
                    ]
                    : []
            ));

    /// <summary>By asset, in the order of the result; null when it can't be calculated.</summary>
    private static Dictionary<string, decimal>? AmountsOf(CaseInput input)
    {
        try
        {
            SpecCalculation spec = new(input);
            var parts = spec.Share();
            return spec.Order().ToDictionary(i => spec.Holdings[i].AssetId, i => parts[i].Amount);
        }
        catch (SpecException)
        {
            return null;
        }
    }

    private static CaseInput Mix(CaseInput before, CaseInput after, HashSet<string> taken)
    {
        var (prices, figures, targets) = (Side("prices"), Side("fundamentals"), Side("targets"));
        return new(
            "",
            before.BaseCurrency,
            Side("contribution").Contribution,
            new(Other("rates").Rates.Where(r => !Side("rates").Rates.ContainsKey(r.Key)).Concat(Side("rates").Rates)),
            [.. targets.Classes, .. Other("targets").Classes.Where(c => !targets.Classes.Exists(t => t.ClassId == c.ClassId))],
            Side("criteria").Criteria,
            [
                .. Side("holdings")
                    .Holdings.Select(h =>
                    {
                        var priced = Find(prices, h) ?? Find(Other("prices"), h)!;
                        var other = Find(Other("prices"), h);
                        var quote = priced.Price is null && !IsHeld(prices, h) && other?.Price is not null ? other : priced;
                        return h with
                        {
                            Symbol = priced.Symbol,
                            Currency = quote.Currency,
                            Price = quote.Price,
                            Fundamentals = Figures(Find(figures, h), Find(Other("fundamentals"), h), IsHeld(figures, h)),
                        };
                    }),
            ]
        );

        CaseInput Side(string factor) => taken.Contains(factor) ? after : before;
        CaseInput Other(string factor) => taken.Contains(factor) ? before : after;
        CaseAsset? Find(CaseInput side, CaseAsset holding) => side.Assets.Find(a => a.AssetId == holding.AssetId);
        bool IsHeld(CaseInput side, CaseAsset holding) => side.Holdings.Exists(a => a.AssetId == holding.AssetId);
    }

    private static Dictionary<string, decimal?> Figures(CaseAsset? own, CaseAsset? other, bool isHeld)
    {
        if (own is null || other is null || isHeld)
            return (own ?? other)!.Fundamentals;
        Dictionary<string, decimal?> figures = new(other.Fundamentals);
        foreach (var (metric, value) in own.Fundamentals)
            figures[metric] = value ?? figures.GetValueOrDefault(metric);
        return figures;
    }
}
