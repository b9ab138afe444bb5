namespace Overnight.Tests.Explanations;

/// <summary>
/// Small portfolios that reach the corners: negative scores, everything overweight, ties, minimums that pass the pool back and forth, zero
/// totals, missing fundamentals and prices, no classes, no contribution.
/// </summary>
internal sealed class RandomCase(Random random)
{
    private static readonly string[] Metrics = ["pe_ratio", "roe", "dividend_yield", "debt_to_equity"],
        Operators = ["gt", "gte", "lt", "lte", "equals", "between", "exists"],
        Currencies = ["USD", "EUR", "BRL"];

    public CaseInput Next()
    {
        List<CaseClass> classes = [.. Enumerable.Range(0, random.Next(1, 5)).Select(Class)];
        if (random.Next(8) == 0)
            classes = [.. classes.Select(c => c with { TargetMin = 0, TargetMax = random.Next(0, 3) })];
        if (random.Next(6) == 0)
            classes = [.. classes.Select(c => c with { TargetMin = classes[0].TargetMin, TargetMax = classes[0].TargetMax })];
        List<CaseCriterion> criteria = [.. Enumerable.Range(0, random.Next(1, 8)).Select(Criterion)];
        var sign = random.Next(6);
        if (sign < 3)
            criteria = [.. criteria.Select(c => c with { Points = sign == 0 ? -Math.Abs(c.Points) : Math.Abs(c.Points) })];
        List<CaseAsset> assets = [.. Enumerable.Range(0, random.Next(2, 7)).Select(i => Asset(i, classes))];
        if (random.Next(25) == 0)
            assets = [.. assets.Select(a => a with { Quantity = 0 })];
        if (assets.TrueForAll(a => a.Price is null))
            assets[0] = assets[0] with { Price = 12.5m };
        return new(
            "u",
            "USD",
            Contribution(),
            new() { ["EUR_USD"] = Price(0.5m, 2), ["BRL_USD"] = Price(0.1m, 0.3m) },
            classes,
            criteria,
            assets
        );
    }

    /// <summary>The same user a night or a month later; some of what can change has.</summary>
    public CaseInput After(CaseInput before)
    {
        var after = before with { Assets = [.. before.Assets], Classes = [.. before.Classes], Criteria = [.. before.Criteria] };
        if (Happens())
            after = after with
            {
                Rates = new() { ["EUR_USD"] = Price(0.5m, 2), ["BRL_USD"] = Price(0.1m, 0.3m) },
            };
        if (Happens())
            Each(a =>
                a with
                {
                    Price = random.Next(8) == 0 ? null : Price(1, 200),
                    Currency = random.Next(6) == 0 ? Pick(Currencies) : a.Currency,
                }
            );
        if (Happens())
            Each(a => a with { Fundamentals = Fundamentals() });
        if (Happens())
            Each(a =>
                random.Next(3) == 0
                    ? a with
                    {
                        Quantity = random.Next(0, 100),
                        ClassId = ClassOf(after.Classes),
                        Ignored = random.Next(4) == 0,
                    }
                    : a
            );
        if (Happens())
        {
            after.Assets.RemoveAt(random.Next(after.Assets.Count));
            after.Classes.Add(Class(after.Classes.Count + 5));
            after.Assets.Add(Asset(after.Assets.Count + 10, after.Classes));
        }
        if (Happens())
            after = after with { Criteria = [.. after.Criteria.Select((_, i) => Criterion(i))] };
        if (Happens())
            after = after with
            {
                Classes =
                [
                    .. after.Classes.Select(c =>
                        c with
                        {
                            TargetMin = random.Next(0, 30),
                            TargetMax = random.Next(30, 101),
                            MinAllocationValue = Minimum(),
                        }
                    ),
                ],
            };
        if (Happens())
            after = after with { Contribution = Contribution() };
        // A currency without a rate, which a quantity of 0 does not need; a mixture with the older quantity does.
        if (random.Next(4) == 0)
            after.Assets[0] = after.Assets[0] with { Quantity = 0, Currency = "JPY", Price = 100 };
        if (after.Holdings.TrueForAll(a => a.Price is null))
            after.Assets[^1] = after.Assets[^1] with { Price = 12.5m, Ignored = false };
        return after;

        bool Happens() => random.Next(2) == 0;

        void Each(Func<CaseAsset, CaseAsset> change)
        {
            for (var i = 0; i < after.Assets.Count; i++)
                after.Assets[i] = change(after.Assets[i]);
        }
    }

    /// <summary>A what-if of the case: some of what can be asked for.</summary>
    public CaseChange Change(CaseInput input)
    {
        CaseChange change = new();
        var held = input.Holdings[random.Next(input.Holdings.Count)];
        if (random.Next(3) == 0)
            change = change with { Contribution = Contribution() };
        if (random.Next(3) == 0)
        {
            var own = Pick([.. input.Classes]);
            var to = Class(0);
            change = change with { Targets = [new(own.ClassId, to.Min, to.Max, to.MinAllocationValue ?? 0)] };
        }
        if (random.Next(3) == 0)
            change = change with { Criteria = [.. Enumerable.Range(0, random.Next(1, 4)).Select(Criterion)] };
        if (random.Next(3) == 0)
            change = change with { Fundamental = new(held.AssetId, Pick(Metrics), Figure()) };
        if (random.Next(3) == 0)
        {
            var own = Pick([.. input.Classes]);
            var (min, max) = change.Targets?.Find(t => t.ClassId == own.ClassId) is { } to
                ? (to.TargetMin, to.TargetMax)
                : (own.Min, own.Max);
            change = change with { Shift = new(own.ClassId, random.Next(2) == 0 ? Math.Min(100 - max, 3.25m) : -Math.Min(min, 7.5m)) };
        }
        if (random.Next(3) == 0)
            change = change with
            {
                Cash = new(random.Next(5) == 0 ? null : Pick([.. input.Classes]).ClassId, random.Next(0, 100_000) / 100m),
            };
        return change;
    }

    private CaseClass Class(int index)
    {
        var min = random.Next(4) == 0 ? random.Next(0, 8001) / 100m : random.Next(0, 7) * 10;
        var max = Math.Min(100, min + (random.Next(2) == 0 ? random.Next(0, 4) * 10 : random.Next(0, 3001) / 100m));
        return new($"class-{index}", $"Class {index}", min, max, Minimum());
    }

    private decimal? Minimum() => random.Next(2) == 0 ? null : random.Next(1, 9) * 50;

    private CaseCriterion Criterion(int index)
    {
        var (metric, comparison, value) = (Pick(Metrics), Pick(Operators), Figure());
        // Round points make ties; others make priorities that roundings move.
        var points = random.Next(2) == 0 ? random.Next(-4, 7) * 10 : random.Next(-100, 101);
        return new(
            $"c{index}",
            $"criterion {index}",
            metric,
            comparison,
            comparison == "exists" ? null : value,
            comparison == "between" ? value + random.Next(0, 20) : null,
            points,
            random.Next(4) == 0 ? [Pick(Metrics)] : [metric]
        );
    }

    private CaseAsset Asset(int index, List<CaseClass> classes) =>
        new(
            $"a{index}",
            $"{(char)('A' + (index * 7 + 3) % 26)}{index}",
            random.Next(12) == 0 ? 0
                : random.Next(2) == 0 ? random.Next(1, 6) * 10
                : random.Next(1, 100_000) / 1000m,
            random.Next(2) == 0 ? "USD" : Pick(Currencies),
            ClassOf(classes),
            random.Next(15) == 0 ? null : Price(1, 200),
            Fundamentals()
        );

    private string? ClassOf(List<CaseClass> classes) => random.Next(10) == 0 ? null : classes[random.Next(classes.Count)].ClassId;

    private Dictionary<string, decimal?> Fundamentals() =>
        Metrics.ToDictionary(m => m, decimal? (_) => random.Next(8) == 0 ? null : Figure());

    private decimal Figure() => random.Next(3) == 0 ? random.Next(-2, 6) * 5 : random.Next(-2_000, 6_000) / 100m;

    private decimal Price(decimal from, decimal to) =>
        random.Next(3) == 0 ? Math.Ceiling(from) : from + Math.Round((to - from) * random.Next(0, 1000) / 1000, 3);

    private decimal? Contribution() =>
        random.Next(6) switch
        {
            0 => null,
            1 => 0,
            2 => random.Next(1, 30) / 10_000m,
            3 => random.Next(1, 40_000) / 100m,
            _ => random.Next(1, 20) * 100,
        };

    private T Pick<T>(T[] items) => items[random.Next(items.Length)];
}
