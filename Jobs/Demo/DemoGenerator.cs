namespace Overnight.Jobs.Demo;

/// <summary>
/// Makes demo users, each from its number alone. Every user can be computed: at least one holding has a price and is not ignored,
/// its currency can be exchanged, and there are criteria. Not thread-safe.
/// </summary>
internal sealed class DemoGenerator
{
    private const ulong Purpose = 0x44454D4F;
    private const int MinHoldings = 10,
        MaxHoldings = 50,
        MinCriteria = 5,
        MaxCriteria = 15,
        MinClasses = 3,
        MaxClasses = 6;

    /// <summary>Percent of users, classes or holdings.</summary>
    private const int InDollars = 40,
        WithoutContribution = 12,
        WithoutMaximum = 10,
        WithMinimum = 30,
        Unclassified = 5,
        Ignored = 4;

    private static readonly string[] ClassNames = ["Core", "Growth", "Income", "Defensive", "International", "Speculative"];

    private readonly DemoSeedParameters _options;
    private readonly DemoMarket _market;
    private readonly int[] _order;

    /// <exception cref="ArgumentException">No asset has a price.</exception>
    public DemoGenerator(DemoSeedParameters options, DemoMarket market)
    {
        if (market.Priced.Length == 0)
            throw new ArgumentException("A demo user needs an asset with a price.", nameof(market));
        (_options, _market) = (options, market);
        _order = [.. Enumerable.Range(0, market.Assets.Length)];
    }

    /// <param name="number">From 1.</param>
    public DemoUser Make(int number)
    {
        var random = DemoRandom.For(_options.Seed, Purpose, number);
        var currency = random.Chance(InDollars) ? _market.Currencies[0] : random.Pick(_market.Currencies);
        var contribution = random.Between(100, 5_000, 0) * currency.PerDollar;
        var planned = !random.Chance(WithoutContribution) || number == DemoAccounts.UserNumber;
        var classes = Classes(ref random, number, currency);
        var holdings = Holdings(ref random, classes.Length);
        var criteria = _options.Criteria ?? random.Between(MinCriteria, MaxCriteria);
        return new(
            number,
            DemoIds.User(_options.Seed, number),
            DemoAccounts.EmailOf(number),
            number == DemoAccounts.UserNumber ? "Demo user" : $"Demo user {number:D6}",
            currency.Code,
            planned ? Round(contribution, 2) : null,
            DemoIds.Criteria(_options.Seed, number),
            DemoCriteria.Make(ref random, criteria, _market.KnownMetrics),
            criteria,
            classes,
            holdings
        );
    }

    /// <summary>Targets around a split of 100 %, so that a portfolio can be within all of them.</summary>
    private DemoClass[] Classes(ref DemoRandom random, int number, DemoCurrency currency)
    {
        var classes = new DemoClass[random.Between(MinClasses, MaxClasses)];
        Span<int> weights = stackalloc int[MaxClasses];
        var sum = 0;
        for (var i = 0; i < classes.Length; i++)
            sum += weights[i] = random.Between(1, 6);
        for (var i = 0; i < classes.Length; i++)
        {
            var share = 100m * weights[i] / sum;
            var spread = random.Between(2, 8);
            decimal? minimum = random.Chance(WithMinimum) ? Round(random.Between(20, 250) * currency.PerDollar, 2) : null;
            decimal? maximum = random.Chance(WithoutMaximum) ? null : Round(Math.Min(100, share + spread), 2);
            classes[i] = new(
                DemoIds.Class(_options.Seed, number, i),
                ClassNames[i],
                Round(Math.Max(0, share - spread), 2),
                maximum,
                minimum
            );
        }
        return classes;
    }

    private DemoHolding[] Holdings(ref DemoRandom random, int classes)
    {
        var count = Math.Min(_options.Holdings ?? random.Between(MinHoldings, MaxHoldings), _order.Length);
        var holdings = new DemoHolding[count];
        Span<(int From, int To)> swaps = new (int, int)[count];
        for (var i = 0; i < count; i++)
        {
            // The first holding has a price and is not ignored, so that the user can be computed.
            var at = i == 0 ? random.Pick(_market.Priced) : random.Between(i, _order.Length - 1);
            (_order[i], _order[at]) = (_order[at], _order[i]);
            swaps[i] = (i, at);
            int? ofClass = random.Chance(Unclassified) && i > 0 ? null : random.Below(classes);
            // Most people hold whole units, some hold fractions.
            var quantity = random.Chance(70) ? random.Between(1, 150) : random.Between(0.05m, 60m, 4);
            holdings[i] = new(_market.Assets[_order[i]].Id, ofClass, quantity, i > 0 && random.Chance(Ignored));
        }
        // The swaps are undone, so that the next user does not depend on this one.
        for (var i = count - 1; i >= 0; i--)
            (_order[swaps[i].From], _order[swaps[i].To]) = (_order[swaps[i].To], _order[swaps[i].From]);
        // Sorted by key, so that the index grows at its end.
        Array.Sort(holdings, static (a, b) => a.AssetId.CompareTo(b.AssetId));
        return holdings;
    }

    private static decimal Round(decimal value, int decimals) => decimal.Round(value, decimals, MidpointRounding.AwayFromZero);
}
