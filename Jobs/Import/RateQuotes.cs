namespace Overnight.Jobs.Import;

/// <summary>How the numbers of the file are to be read.</summary>
internal enum RateQuoting
{
    /// <summary>As the notes of the data set say: Australia, Euro, Ireland, New Zealand and the United Kingdom in dollars for one unit, the others in units for one dollar.</summary>
    Noted,

    /// <summary>All in units for one dollar.</summary>
    UnitsPerDollar,
}

/// <summary>The last rate of a country in the file.</summary>
internal sealed record CountryRate(string Country, string Currency, DateOnly Month, decimal Value, int Line);

/// <summary>A rate as it will be stored: units of <paramref name="Quote"/> for one unit of <paramref name="Base"/>.</summary>
internal sealed record RateQuote(string Base, string Quote, DateOnly Month, decimal Rate);

/// <summary>
/// Keeps what an import of rates needs of a file that has a row per month and country: the last rate of each country, and
/// enough of the months in which the euro and its predecessors were both quoted to tell how the euro is quoted.
/// </summary>
internal sealed class RateCollector
{
    /// <summary>A country whose last rate is older than this against the newest of the file has given its currency up.</summary>
    private const int MaxAgeYears = 2;
    private const string Dollar = "USD",
        EuroArea = "Euro";

    private readonly Dictionary<string, CountryRate> _last = new(StringComparer.Ordinal);
    private readonly Dictionary<DateOnly, decimal> _euro = [];
    private readonly Dictionary<DateOnly, (string Country, decimal Value, decimal PerEuro)> _predecessors = [];

    public DateOnly Newest { get; private set; }

    /// <returns>False when the file has another rate of the same country and month already.</returns>
    public bool Add(string country, DateOnly month, decimal value, int line)
    {
        if (month > Newest)
            Newest = month;
        if (country == EuroArea)
            _euro[month] = value;
        else if (Currencies.TryGetEuroParity(country, out var perEuro))
            _predecessors[month] = (country, value, perEuro);
        if (_last.TryGetValue(country, out var last) && last.Month >= month)
            return last.Month > month;
        _last[country] = new(country, Currencies.CodeOf(country, month), month, value, line);
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
    /// Whether the file itself shows the euro in units for one dollar: an old currency divided by its fixed parity is the euro
    /// in those units. Null when the file has no month with both.
    /// </summary>
    public (DateOnly Month, string Country, decimal Value, decimal Euro, bool UnitsPerDollar)? EuroEvidence()
    {
        foreach (var (month, old) in _predecessors.OrderByDescending(p => p.Key))
        {
            if (!_euro.TryGetValue(month, out var euro))
                continue;
            var unitsPerDollar = old.Value / old.PerEuro;
            return (month, old.Country, old.Value, euro, Math.Abs(euro - unitsPerDollar) < Math.Abs(euro - 1 / unitsPerDollar));
        }
        return null;
    }

    private static RateQuote Quote(CountryRate rate, RateQuoting quoting) =>
        quoting == RateQuoting.Noted && Currencies.IsNotedAsDollarsPerUnit(rate.Country)
            ? new(rate.Currency, Dollar, rate.Month, rate.Value)
            : new(Dollar, rate.Currency, rate.Month, rate.Value);
}
