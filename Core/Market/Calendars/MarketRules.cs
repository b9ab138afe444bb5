namespace Overnight.Core.Market.Calendars;

/// <summary>The rules of a market that ships.</summary>
/// <param name="TimeZone">IANA id.</param>
/// <param name="Hours">The hours of an ordinary session by date, because they change over the years, and at B3 with the season.</param>
/// <param name="Days">The special days of a year; of two for one date the later one counts.</param>
internal sealed record MarketRules(
    string Code,
    string Name,
    string TimeZone,
    Func<DateOnly, TradingHours> Hours,
    Func<int, IEnumerable<SpecialDay>> Days
)
{
    /// <summary>The markets that ship with Overnight.</summary>
    public static IReadOnlyList<MarketRules> Shipped { get; } =
    [
        new("B3", "B3, Sao Paulo", "America/Sao_Paulo", B3.Hours, B3.Days),
        new("LSE", "London Stock Exchange", "Europe/London", _ => TradingHours.Between(800, 1630), Lse.Days),
        new("NYSE", "New York Stock Exchange", "America/New_York", _ => TradingHours.Between(930, 1600), Nyse.Days),
        new("TSE", "Tokyo Stock Exchange", "Asia/Tokyo", Tse.Hours, Tse.Days),
        new("XETRA", "Xetra, Frankfurt", "Europe/Berlin", _ => TradingHours.Between(900, 1730), Xetra.Days),
    ];
}
