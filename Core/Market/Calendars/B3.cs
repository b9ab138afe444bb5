using static Overnight.Core.Market.Calendars.SpecialDay;

namespace Overnight.Core.Market.Calendars;

/// <summary>
/// B3, Sao Paulo. Carnival and Corpus Christi follow Easter, Ash Wednesday opens at 13:00, and the last weekday of the year is
/// closed. Since 2022 holidays of the city and state alone are trading days; Black Awareness Day is national since 2024.
/// </summary>
internal static class B3
{
    private static readonly TimeOnly AshWednesdayOpens = new(13, 0);
    private static readonly DateOnly SeasonsSince = new(2017, 10, 16);
    private static readonly TimeZoneInfo NewYork = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");
    private static readonly TimeZoneInfo SaoPaulo = TimeZoneInfo.FindSystemTimeZoneById("America/Sao_Paulo");

    /// <summary>
    /// The open is at 10:00 all year. The close depends on New York: 17:00 during its summer time, 18:00 during its winter time and, while
    /// Brazil had a summer time, during that. Times include the closing call of five minutes, which the exchange's tables list apart:
    /// 16:55, 17:55.
    /// </summary>
    public static TradingHours Hours(DateOnly date)
    {
        var noon = date.ToDateTime(new(12, 0), DateTimeKind.Unspecified);
        var late = date >= SeasonsSince && (!NewYork.IsDaylightSavingTime(noon) || SaoPaulo.IsDaylightSavingTime(noon));
        return TradingHours.Between(1000, late ? 1800 : 1700);
    }

    public static IEnumerable<SpecialDay> Days(int year)
    {
        var easter = HolidayDates.Easter(year);
        yield return OpensAt(easter.AddDays(-46), AshWednesdayOpens, "Ash Wednesday");
        yield return Closed(year, 1, 1, "Universal Fraternization");
        if (year <= 2021)
            yield return Closed(year, 1, 25, "Anniversary of Sao Paulo");
        yield return Closed(easter.AddDays(-48), "Carnival Monday");
        yield return Closed(easter.AddDays(-47), "Carnival Tuesday");
        yield return Closed(year, 4, 21, "Tiradentes");
        yield return Closed(easter.AddDays(-2), "Good Friday");
        yield return Closed(year, 5, 1, "Labour Day");
        yield return Closed(easter.AddDays(60), "Corpus Christi");
        if (year == 2014)
            yield return Closed(year, 6, 12, "Opening of the World Cup");
        // In 2020 the city moved this holiday and Black Awareness Day to the first weeks of the pandemic, and the exchange traded on both.
        if (year is >= 1998 and <= 2021 and not 2020)
            yield return Closed(year, 7, 9, "Constitutionalist Revolution");
        yield return Closed(year, 9, 7, "Independence Day");
        yield return Closed(year, 10, 12, "Our Lady of Aparecida");
        yield return Closed(year, 11, 2, "All Souls' Day");
        yield return Closed(year, 11, 15, "Proclamation of the Republic");
        if (year is (>= 2004 and <= 2021 and not 2020) or >= 2024)
            yield return Closed(year, 11, 20, "Black Awareness Day");
        yield return Closed(year, 12, 24, "Christmas Eve");
        yield return Closed(year, 12, 25, "Christmas Day");
        yield return Closed(HolidayDates.FridayBefore(new(year, 12, 31)), "Last weekday of the year");
    }
}
