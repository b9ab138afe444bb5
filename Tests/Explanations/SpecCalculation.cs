namespace Overnight.Tests.Explanations;

/// <summary>
/// The oracle: SPEC, Scoring and Recommending, in plain decimals, with nothing of the product. Scores and values are computed once; targets
/// and cash may then be moved.
/// </summary>
internal sealed class SpecCalculation
{
    private readonly CaseInput _input;
    private readonly decimal[] _values;
    private readonly int[] _classOf;
    private readonly int _unclassified;
    private readonly (decimal Value, decimal Total, decimal Share)[] _shares;
    private readonly (decimal Gap, decimal Priority)[] _priorities;

    /// <summary>Indices of holdings with a price.</summary>
    private readonly int[] _priced;

    public SpecCalculation(CaseInput input)
    {
        _input = input;
        Holdings = input.Holdings;
        _unclassified = input.Classes.Count;
        Scores = [.. Holdings.Select(h => input.Criteria.Sum(c => Outcome(c, h) == "matched" ? c.Points : 0))];
        _priced = [.. Enumerable.Range(0, Holdings.Count).Where(i => Holdings[i].Price is not null)];
        if (_priced.Length == 0)
            throw new SpecException("no price");
        _values = [.. Holdings.Select(Value)];
        _classOf = [.. Holdings.Select(h => h.ClassId is null ? _unclassified : input.Classes.FindIndex(c => c.ClassId == h.ClassId))];
        Min = [.. input.Classes.Select(c => c.Min), 0];
        Max = [.. input.Classes.Select(c => c.Max), 0];
        Minimum = [.. input.Classes.Select(c => c.MinAllocationValue ?? 0), 0];
        ClassCount = _priced.Any(i => _classOf[i] == _unclassified) ? _unclassified + 1 : _unclassified;
        ClassValue = new decimal[_unclassified + 1];
        foreach (var i in _priced)
            ClassValue[_classOf[i]] += _values[i];
        Total = ClassValue.Sum();
        _shares = new (decimal, decimal, decimal)[ClassValue.Length];
        _priorities = new (decimal, decimal)[Holdings.Count];
        // By symbol, so that a scan finds the first of equals.
        _priced = [.. _priced.OrderBy(i => Holdings[i].Symbol, StringComparer.Ordinal)];
    }

    public List<CaseAsset> Holdings { get; }
    public decimal[] Scores { get; }
    public decimal[] Min { get; }
    public decimal[] Max { get; }
    public decimal[] Minimum { get; }
    public decimal[] ClassValue { get; }
    public decimal Total { get; set; }

    /// <summary>Classes of the result: those of the user, and one for priced holdings without a class.</summary>
    public int ClassCount { get; }

    public int ClassOf(int holding) => _classOf[holding];

    public bool IsPriced(int holding) => _priced.Contains(holding);

    public string ClassId(int index) => index == _unclassified ? "unclassified" : _input.Classes[index].ClassId;

    public static decimal Round(decimal value) => Math.Round(value, 4, MidpointRounding.AwayFromZero);

    /// <summary>What was computed last for a class, since most points of a grid leave most classes as they are.</summary>
    public decimal Share(int index)
    {
        if (_shares[index].Value != ClassValue[index] || _shares[index].Total != Total)
            _shares[index] = (ClassValue[index], Total, Total == 0 ? 0 : Round(ClassValue[index] * 100 / Total));
        return _shares[index].Share;
    }

    public decimal Gap(int index) => Round((Min[index] + Max[index]) / 2 - Share(index));

    public bool IsOver(int index) => index == _unclassified || Share(index) > Max[index];

    public decimal Priority(int holding, decimal gap)
    {
        if (_priorities[holding].Gap != gap)
        {
            var priority = Round(gap * Scores[holding] / 100);
            _priorities[holding] = (gap, gap < 0 && Scores[holding] < 0 ? -priority : priority);
        }
        return _priorities[holding].Priority;
    }

    /// <summary>Whether the holding is rank 1 and, where there is a contribution, gets something.</summary>
    public bool IsFirst(int holding)
    {
        Span<decimal> gaps = stackalloc decimal[ClassCount];
        for (var c = 0; c < ClassCount; c++)
            gaps[c] = Gap(c);
        var (first, best) = (-1, 0m);
        foreach (var i in _priced)
        {
            var priority = Priority(i, gaps[_classOf[i]]);
            if (first >= 0 && priority <= best)
                continue;
            (first, best) = (i, priority);
        }
        // Holdings of an over-allocated class get 0, and need no sharing.
        return first == holding && (_input.Contribution is not > 0 || (!IsOver(_classOf[holding]) && Share()[holding].Amount > 0));
    }

    /// <summary>Holdings with a price in the order of buying.</summary>
    public int[] Order() => [.. _priced.OrderByDescending(i => Priority(i, Gap(_classOf[i])))];

    /// <summary>What became of the contribution, by holding.</summary>
    public SpecParts[] Share()
    {
        var parts = new SpecParts[Holdings.Count];
        var contribution = _input.Contribution ?? 0;
        var eligible = Order().Where(i => !IsOver(_classOf[i])).ToArray();
        if (contribution == 0 || eligible.Length == 0)
            return parts;
        var positive = eligible.Sum(i => Math.Max(0, Priority(i, Gap(_classOf[i]))));
        foreach (var i in eligible)
        {
            parts[i].Share = parts[i].Amount =
                positive == 0
                    ? Round(contribution / eligible.Length)
                    : Round(contribution * Math.Max(0, Priority(i, Gap(_classOf[i]))) / positive);
        }
        for (var round = 0; round < 2 * eligible.Length; round++)
        {
            decimal pool = 0;
            foreach (var i in eligible.Where(i => parts[i].Amount < Minimum[_classOf[i]]))
            {
                pool += parts[i].Amount;
                parts[i].Out += parts[i].Amount;
                parts[i].Amount = 0;
            }
            if (pool == 0)
                break;
            var taker = eligible
                .Append(eligible[0])
                .SkipWhile((i, at) => at < eligible.Length && parts[i].Amount <= 0 && pool < Minimum[_classOf[i]])
                .First();
            parts[taker].In += pool;
            parts[taker].Amount += pool;
        }
        var remainder = contribution - parts.Sum(p => p.Amount);
        var target = Math.Max(0, Array.FindIndex(eligible, i => parts[i].Amount > 0));
        for (; remainder != 0; target++)
        {
            var change = Math.Max(remainder, -parts[eligible[target]].Amount);
            parts[eligible[target]].Remainder += change;
            parts[eligible[target]].Amount += change;
            remainder -= change;
        }
        return parts;
    }

    /// <returns><c>skipped</c>, <c>matched</c> or <c>missed</c>.</returns>
    public static string Outcome(CaseCriterion criterion, CaseAsset asset)
    {
        if (criterion.RequiredFundamentals.Exists(r => asset.Figure(r) is null))
            return "skipped";
        if (asset.Figure(criterion.Metric) is not { } value)
            return "missed";
        var matches = criterion.Operator switch
        {
            "gt" => value > criterion.Value,
            "gte" => value >= criterion.Value,
            "lt" => value < criterion.Value,
            "lte" => value <= criterion.Value,
            "equals" => value == criterion.Value,
            "between" => value >= criterion.Value && value <= criterion.Value2,
            _ => true,
        };
        return matches ? "matched" : "missed";
    }

    private decimal Value(CaseAsset asset)
    {
        if (asset.Price is not { } price || asset.Quantity == 0)
            return 0;
        if (asset.Currency == _input.BaseCurrency)
            return asset.Quantity * price;
        return _input.Rates.TryGetValue($"{asset.Currency}_{_input.BaseCurrency}", out var rate)
            ? asset.Quantity * (price * rate)
            : throw new SpecException("no rate");
    }
}

internal struct SpecParts
{
    public decimal Share,
        Out,
        In,
        Remainder,
        Amount;
}

/// <summary>The inputs can't be calculated.</summary>
internal sealed class SpecException(string message) : Exception(message);
