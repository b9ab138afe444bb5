namespace Overnight.Jobs.Import;

/// <summary>How the numbers of the file are to be read.</summary>
internal enum RateQuoting
{
    /// <summary>All in units for one dollar, as every row of the public file is, whatever its notes say.</summary>
    UnitsPerDollar,

    /// <summary>
    /// As the notes of the data set say: Australia, Euro, Ireland, New Zealand and the United Kingdom in dollars for one unit, the
    /// others in units for one dollar.
    /// </summary>
    Noted,
}

/// <summary>The values of the option <c>--quoting</c>.</summary>
internal static class RateQuotingNames
{
    public const string UnitsPerDollar = "units-per-dollar",
        Noted = "noted";

    public static string Of(RateQuoting quoting) => quoting == RateQuoting.Noted ? Noted : UnitsPerDollar;
}

/// <summary>The last rate of a country in the file.</summary>
internal sealed record CountryRate(string Country, string Currency, DateOnly Month, decimal Value, int Line);

/// <summary>A rate as it will be stored: units of <paramref name="Quote"/> for one unit of <paramref name="Base"/>.</summary>
/// <param name="Line">Line of the file.</param>
internal sealed record RateQuote(string Base, string Quote, DateOnly Month, decimal Rate, int Line);

/// <summary>How the file quotes the euro, seen in a month in which it has a currency that was fixed to the euro beside it.</summary>
/// <param name="Value">Rate of <paramref name="Country"/>, in units for one dollar.</param>
internal sealed record EuroQuotingSample(DateOnly Month, string Country, decimal Value, decimal Euro, RateQuoting Quoting);

/// <summary>
/// Keeps what an import of rates needs of a file that has a row per month and country: the last rate of each country, and
/// enough of the months in which the euro and its predecessors were both quoted to tell how the euro is quoted.
/// </summary>
internal sealed class RateCollector
{
    /// <summary>Years. A country whose last rate is older than the newest of the file by more no longer uses its currency.</summary>
    private const int MaxAgeYears = 2;
    private const string Dollar = "USD",
        EuroArea = "Euro";

    /// <summary>When the euro is closer to a dollar than this, both readings of its rate are nearly the same number.</summary>
    private const decimal LeastFromParity = 0.02m;

    private readonly Dictionary<string, CountryRate> _last = new(StringComparer.Ordinal);
    private readonly Dictionary<DateOnly, decimal> _euro = [];
    private readonly Dictionary<DateOnly, (string Country, decimal Value, decimal EuroPerDollar)> _predecessors = [];

    public DateOnly Newest { get; private set; }

    /// <returns>False when the file has another rate of the same country and month already.</returns>
    public bool Add(string country, DateOnly month, decimal value, int line)
    {
        if (month > Newest)
            Newest = month;
        if (country == EuroArea)
            _euro[month] = value;
        else if (CountryCurrencies.TryGetEuroParity(country, out var perEuro))
            _predecessors[month] = (country, value, value / perEuro);
        if (_last.TryGetValue(country, out var last) && last.Month >= month)
            return last.Month > month;
        _last[country] = new(country, CountryCurrencies.CodeOf(country, month), month, value, line);
        return true;
    }

    /// <summary>The countries whose currency is in use, each currency once: of countries that share one, the newest rate counts.</summary>
    public (List<RateQuote> Quotes, List<CountryRate> Outdated, List<CountryRate> Doubled) Select(RateQuoting quoting)
    {
        List<CountryRate> outdated = [],
            doubled = [];
        Dictionary<string, CountryRate> current = new(StringComparer.Ordinal);
        foreach (var rate in _last.Values.OrderByDescending(r => r.Month).ThenBy(r => r.Country, StringComparer.Ordinal))
        {
            if (rate.Month.AddYears(MaxAgeYears) < Newest)
                outdated.Add(rate);
            else if (!current.TryAdd(rate.Currency, rate))
                doubled.Add(rate);
        }
        return ([.. current.Values.OrderBy(r => r.Currency, StringComparer.Ordinal).Select(r => Quote(r, quoting))], outdated, doubled);
    }

    /// <summary>
    /// How the file itself shows that the euro is quoted: a currency that the euro replaced, divided by its fixed parity, is the
    /// euro in units for one dollar. Of the month in which the euro was furthest from a dollar, where the two readings differ most.
    /// </summary>
    /// <returns>Null when no month tells the two readings apart.</returns>
    public EuroQuotingSample? FindEuroEvidence()
    {
        var told = _predecessors.Where(p => _euro.ContainsKey(p.Key) && FromParity(p.Value.EuroPerDollar) >= LeastFromParity).ToList();
        if (told.Count == 0)
            return null;
        var (month, old) = told.MaxBy(p => FromParity(p.Value.EuroPerDollar));
        var euro = _euro[month];
        var quoting =
            Math.Abs(euro - old.EuroPerDollar) < Math.Abs(euro - 1 / old.EuroPerDollar) ? RateQuoting.UnitsPerDollar : RateQuoting.Noted;
        return new(month, old.Country, old.Value, euro, quoting);
    }

    private static decimal FromParity(decimal euroPerDollar) => Math.Max(euroPerDollar, 1 / euroPerDollar) - 1;

    private static RateQuote Quote(CountryRate rate, RateQuoting quoting) =>
        quoting == RateQuoting.Noted && CountryCurrencies.IsNotedAsDollarsPerUnit(rate.Country)
            ? new(rate.Currency, Dollar, rate.Month, rate.Value, rate.Line)
            : new(Dollar, rate.Currency, rate.Month, rate.Value, rate.Line);
}
