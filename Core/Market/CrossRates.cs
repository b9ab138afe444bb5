namespace Overnight.Core.Market;

/// <summary>Turns quotes against the US dollar into a rate for every pair of currencies (DESIGN, Contracts).</summary>
public static class CrossRates
{
    private const string Pivot = "USD";
    private const int SignificantDigits = 10;

    /// <summary>
    /// All pairs of the quoted currencies. A quoted pair keeps its rate; the others go through USD and are rounded to 10
    /// significant digits, half away from zero. Quotes between two other currencies than USD only give their own pair and its inverse.
    /// </summary>
    public static Dictionary<(string From, string To), decimal> Compute(IEnumerable<QuotedRate> quotes)
    {
        ArgumentNullException.ThrowIfNull(quotes);
        Dictionary<(string From, string To), decimal> rates = [];
        // Units of the currency for one dollar, unrounded.
        SortedDictionary<string, decimal> perDollar = new(StringComparer.Ordinal) { [Pivot] = 1 };
        foreach (var quote in quotes)
        {
            rates[(quote.Base, quote.Quote)] = quote.Rate;
            rates.TryAdd((quote.Quote, quote.Base), Round(1 / quote.Rate));
            if (quote.Base == Pivot)
                perDollar[quote.Quote] = quote.Rate;
            else if (quote.Quote == Pivot)
                perDollar[quote.Base] = 1 / quote.Rate;
        }
        foreach (var (from, fromPerDollar) in perDollar)
        {
            foreach (var (to, toPerDollar) in perDollar)
            {
                if (from != to)
                    rates.TryAdd((from, to), Round(toPerDollar / fromPerDollar));
            }
        }
        return rates;
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
