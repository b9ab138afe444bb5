namespace Overnight.Jobs.Import;

/// <summary>The currency behind a country's exchange rate in the public file.</summary>
/// <param name="Code">ISO 4217.</param>
/// <param name="Before">The code holds for months before this one; null for the currency of today, or the last one.</param>
internal sealed record CountryCurrency(string Country, string Code, DateOnly? Before = null);

/// <summary>Countries as the file names them, to ISO 4217 currencies, with those that the euro replaced.</summary>
internal static class CountryCurrencies
{
    /// <summary>
    /// Countries that the notes of the data set quote in US dollars for one unit. The public file itself quotes every country in units for
    /// one US dollar.
    /// </summary>
    private static readonly HashSet<string> DollarsPerUnit = ["Australia", "Euro", "Ireland", "New Zealand", "United Kingdom"];

    /// <summary>
    /// A country that renamed its currency when it cut zeros off is listed by period, oldest first. Venezuela's cut of October 2021 kept
    /// the code VES in use. Brazil and Mexico enter the file with the currencies they still have.
    /// </summary>
    private static readonly CountryCurrency[] All =
    [
        new("Australia", "AUD"),
        new("Austria", "ATS"),
        new("Belgium", "BEF"),
        new("Brazil", "BRL"),
        new("Canada", "CAD"),
        new("China", "CNY"),
        new("Denmark", "DKK"),
        new("Euro", "EUR"),
        new("Finland", "FIM"),
        new("France", "FRF"),
        new("Germany", "DEM"),
        new("Greece", "GRD"),
        new("Hong Kong", "HKD"),
        new("India", "INR"),
        new("Ireland", "IEP"),
        new("Italy", "ITL"),
        new("Japan", "JPY"),
        new("Malaysia", "MYR"),
        new("Mexico", "MXN"),
        new("Netherlands", "NLG"),
        new("New Zealand", "NZD"),
        new("Norway", "NOK"),
        new("Portugal", "PTE"),
        new("Singapore", "SGD"),
        new("South Africa", "ZAR"),
        new("South Korea", "KRW"),
        new("Spain", "ESP"),
        new("Sri Lanka", "LKR"),
        new("Sweden", "SEK"),
        new("Switzerland", "CHF"),
        new("Taiwan", "TWD"),
        new("Thailand", "THB"),
        new("United Kingdom", "GBP"),
        new("Venezuela", "VEB", Before: new(2008, 1, 1)),
        new("Venezuela", "VEF", Before: new(2018, 9, 1)),
        new("Venezuela", "VES"),
    ];

    /// <summary>
    /// Units of each old currency for one euro, fixed for good by Council Regulation (EC) 2866/98 and, for the drachma, 1478/2000.
    /// </summary>
    private static readonly Dictionary<string, decimal> PerEuro = new(StringComparer.Ordinal)
    {
        ["Austria"] = 13.7603m,
        ["Belgium"] = 40.3399m,
        ["Finland"] = 5.94573m,
        ["France"] = 6.55957m,
        ["Germany"] = 1.95583m,
        ["Italy"] = 1936.27m,
        ["Netherlands"] = 2.20371m,
        ["Portugal"] = 200.482m,
        ["Spain"] = 166.386m,
    };

    private static readonly ILookup<string, CountryCurrency> ByCountry = All.ToLookup(c => c.Country, StringComparer.Ordinal);

    public static bool IsKnown(string country) => ByCountry.Contains(country);

    /// <exception cref="InvalidOperationException">The country is not known.</exception>
    public static string CodeOf(string country, DateOnly month) =>
        ByCountry[country].First(c => c.Before is not { } end || month < end).Code;

    /// <summary>Whether the file's notes say that the rate is US dollars for one unit.</summary>
    public static bool IsNotedAsDollarsPerUnit(string country) => DollarsPerUnit.Contains(country);

    /// <summary>
    /// Units of a currency that the euro replaced for one euro; the countries among them are quoted in units for one dollar.
    /// </summary>
    public static bool TryGetEuroParity(string country, out decimal units) => PerEuro.TryGetValue(country, out units);
}
