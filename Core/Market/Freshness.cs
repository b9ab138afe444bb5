using Overnight.Core.Market.Calendars;

namespace Overnight.Core.Market;

/// <summary>
/// What a person is told about the age of a result (SPEC C3), counted in opens and not in hours: a result prepares the next
/// open of the user's market, and is fresh until the open after that one, which a later night should have prepared. So
/// Friday's is fresh all weekend and over a holiday, and stays so on the day that it was made for.
/// </summary>
public static class Freshness
{
    public const string Fresh = "fresh";
    public const string Delayed = "delayed";
    public const string Stale = "stale";

    /// <param name="markets">The user's; the one that fared worst decides.</param>
    public static string Status(DateTimeOffset generatedAt, DateTimeOffset now, IReadOnlyList<MarketCalendar> markets)
    {
        ArgumentNullException.ThrowIfNull(markets);
        var opens = 0;
        for (var i = 0; i < markets.Count; i++)
            opens = Math.Max(opens, markets[i].OpensBetween(generatedAt, now));
        return opens switch
        {
            <= 1 => Fresh,
            2 => Delayed,
            _ => Stale,
        };
    }
}
