namespace Overnight.Core.Market.Calendars;

/// <summary>
/// Japan's national holidays from 1990 on. Source: the Act on National Holidays, with its fixed days, Happy Mondays, equinoxes,
/// substitutes for Sundays, and the citizens' holiday between two others.
/// </summary>
internal static class JapaneseHolidays
{
    /// <summary>Before 2007 only the Monday could substitute a Sunday; since then it is the next day that is no holiday.</summary>
    private const int SubstitutesReachSince = 2007;

    public static SortedDictionary<DateOnly, string> Of(int year)
    {
        SortedDictionary<DateOnly, string> named = [];
        foreach (var (date, name) in Named(year))
            named[date] = name;

        SortedDictionary<DateOnly, string> all = new(named);
        foreach (var (date, name) in named)
        {
            if (date.DayOfWeek != DayOfWeek.Sunday)
                continue;
            var substitute = date.AddDays(1);
            while (year >= SubstitutesReachSince && named.ContainsKey(substitute))
                substitute = substitute.AddDays(1);
            all.TryAdd(substitute, $"{name} (substitute holiday)");
        }
        foreach (var date in named.Keys)
        {
            var between = date.AddDays(1);
            if (between.DayOfWeek != DayOfWeek.Sunday && named.ContainsKey(between.AddDays(1)))
                all.TryAdd(between, "Citizens' holiday");
        }
        return all;
    }

    private static IEnumerable<(DateOnly Date, string Name)> Named(int year)
    {
        yield return (new(year, 1, 1), "New Year's Day");
        yield return (year >= 2000 ? HolidayDates.Nth(2, DayOfWeek.Monday, year, 1) : new(year, 1, 15), "Coming of Age Day");
        yield return (new(year, 2, 11), "National Foundation Day");
        yield return (Equinox(year, spring: true), "Vernal Equinox Day");
        yield return (new(year, 4, 29), year >= 2007 ? "Showa Day" : "Greenery Day");
        yield return (new(year, 5, 3), "Constitution Memorial Day");
        if (year >= 2007)
            yield return (new(year, 5, 4), "Greenery Day");
        yield return (new(year, 5, 5), "Children's Day");
        yield return (year >= 2003 ? HolidayDates.Nth(3, DayOfWeek.Monday, year, 9) : new(year, 9, 15), "Respect for the Aged Day");
        yield return (Equinox(year, spring: false), "Autumnal Equinox Day");
        yield return (new(year, 11, 3), "Culture Day");
        yield return (new(year, 11, 23), "Labor Thanksgiving Day");
        foreach (var holiday in Summer(year).Concat(OfTheEmperor(year)))
            yield return holiday;
    }

    /// <summary>Holidays that were moved in 2020 and 2021 for the Olympic Games.</summary>
    private static IEnumerable<(DateOnly Date, string Name)> Summer(int year)
    {
        if (year >= 1996)
        {
            yield return (
                year switch
                {
                    2020 => new(2020, 7, 23),
                    2021 => new(2021, 7, 22),
                    >= 2003 => HolidayDates.Nth(3, DayOfWeek.Monday, year, 7),
                    _ => new(year, 7, 20),
                },
                "Marine Day"
            );
        }
        if (year >= 2016)
            yield return (
                year switch
                {
                    2020 => new(2020, 8, 10),
                    2021 => new(2021, 8, 8),
                    _ => new(year, 8, 11),
                },
                "Mountain Day"
            );
        yield return (
            year switch
            {
                2020 => new(2020, 7, 24),
                2021 => new(2021, 7, 23),
                >= 2000 => HolidayDates.Nth(2, DayOfWeek.Monday, year, 10),
                _ => new(year, 10, 10),
            },
            "Sports Day"
        );
    }

    private static IEnumerable<(DateOnly Date, string Name)> OfTheEmperor(int year)
    {
        if (year >= 2020)
            yield return (new(year, 2, 23), "Emperor's Birthday");
        if (year is >= 1989 and <= 2018)
            yield return (new(year, 12, 23), "Emperor's Birthday");
        if (year == 1990)
            yield return (new(1990, 11, 12), "Enthronement Ceremony");
        if (year == 1993)
            yield return (new(1993, 6, 9), "Wedding of the Crown Prince");
        if (year != 2019)
            yield break;
        yield return (new(2019, 5, 1), "Accession Day");
        yield return (new(2019, 10, 22), "Enthronement Ceremony");
    }

    /// <summary>
    /// The day in Japan on which the sun crosses the equator. Source: the approximation that Japanese almanacs use, valid from 1980 to
    /// 2150. The government announces the day a year ahead and has never announced another one.
    /// </summary>
    private static DateOnly Equinox(int year, bool spring)
    {
        var since = year - 1980;
        var first = (spring, year >= 2100) switch
        {
            (true, false) => 20.8431,
            (true, true) => 21.8510,
            (false, false) => 23.2488,
            (false, true) => 24.2488,
        };
        return new(year, spring ? 3 : 9, (int)(first + 0.242194 * since) - since / 4);
    }
}
