namespace Overnight.Core.Market;

/// <summary>Computes a rate for every pair of currencies from quotes against the US dollar.</summary>
public static class CrossRates
{
    private const string Pivot = "USD";
    private const int SignificantDigits = 10;

    /// <summary>A smaller rate has fewer than 10 significant digits in 28 decimals; a greater one overflows when it is rounded.</summary>
    private const decimal Least = 0.000_000_000_000_000_001m,
        Most = 10_000_000_000_000_000_000_000_000_000m;

    /// <summary>
    /// Returns all pairs of the quoted currencies. A quoted pair keeps its rate, its opposite pair gets the inverse; the others are
    /// computed through USD. Computed rates are rounded to 10 significant digits, half away from zero. Quotes between two currencies other
    /// than USD give only their own pair and its inverse. A pair whose rate a decimal can't hold is left out.
    /// </summary>
    public static Dictionary<(string From, string To), decimal> Compute(IEnumerable<QuotedRate> quotes)
    {
        ArgumentNullException.ThrowIfNull(quotes);
        Dictionary<(string From, string To), decimal> rates = [];
        // Units of each currency for one dollar, unrounded.
        SortedDictionary<string, decimal> perDollar = new(StringComparer.Ordinal) { [Pivot] = 1 };
        foreach (var quote in quotes)
        {
            rates[(quote.Base, quote.Quote)] = quote.Rate;
            var inverted = TryDivide(1, quote.Rate, out var inverse);
            if (inverted)
                rates.TryAdd((quote.Quote, quote.Base), Round(inverse));
            if (quote.Base == Pivot)
                perDollar[quote.Quote] = quote.Rate;
            else if (quote.Quote == Pivot && inverted)
                perDollar[quote.Base] = inverse;
        }
        foreach (var (from, fromPerDollar) in perDollar)
        {
            foreach (var (to, toPerDollar) in perDollar)
            {
                if (from != to && TryDivide(toPerDollar, fromPerDollar, out var rate))
                    rates.TryAdd((from, to), Round(rate));
            }
        }
        return rates;
    }

    /// <returns>False when the quotient is outside the range of a rate.</returns>
    internal static bool TryDivide(decimal numerator, decimal denominator, out decimal quotient)
    {
        quotient = 0;
        if (denominator <= 0 || (denominator < 1 && numerator > Most * denominator))
            return false;
        quotient = numerator / denominator;
        return quotient is >= Least and <= Most;
    }

    internal static decimal Round(decimal value)
    {
        if (value == 0)
            return 0;
        var digits = SignificantDigits;
        for (var magnitude = Math.Abs(value); magnitude >= 1; magnitude /= 10)
            digits--;
        for (var magnitude = Math.Abs(value); magnitude < 0.1m; magnitude *= 10)
            digits++;
        if (digits >= 0)
            return decimal.Round(value, Math.Min(digits, 28), MidpointRounding.AwayFromZero);
        decimal unit = 1;
        for (; digits < 0; digits++)
            unit *= 10;
        return decimal.Round(value / unit, 0, MidpointRounding.AwayFromZero) * unit;
    }
}
