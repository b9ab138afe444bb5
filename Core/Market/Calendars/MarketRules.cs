namespace Overnight.Core.Market.Calendars;

/// <summary>What is known of a market without configuration.</summary>
/// <param name="TimeZone">IANA id.</param>
/// <param name="Hours">The hours of an ordinary session on a date, for they change over the years, and at B3 with the season.</param>
/// <param name="Days">The special days of a year, all of them within it; of two on one date the later counts.</param>
internal sealed record MarketRules(
    string Code,
    string Name,
    string TimeZone,
    Func<DateOnly, TradingHours> Hours,
    Func<int, IEnumerable<SpecialDay>> Days
)
{
    /// <summary>The markets that come with Overnight.</summary>
    public static IReadOnlyList<MarketRules> Shipped { get; } =
    [
        new("B3", "B3, Sao Paulo", "America/Sao_Paulo", B3.Hours, B3.Days),
        new("LSE", "London Stock Exchange", "Europe/London", _ => TradingHours.Between(800, 1630), Lse.Days),
        new("NYSE", "New York Stock Exchange", "America/New_York", _ => TradingHours.Between(930, 1600), Nyse.Days),
        new("TSE", "Tokyo Stock Exchange", "Asia/Tokyo", Tse.Hours, Tse.Days),
        new("XETRA", "Xetra, Frankfurt", "Europe/Berlin", _ => TradingHours.Between(900, 1730), Xetra.Days),
    ];
}
