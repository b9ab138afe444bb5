using Overnight.Core.Market.Calendars;

namespace Overnight.Tests.Scheduling;

/// <summary>
/// Days around each change of the exchanges' rules, with what they announced: the first and the last day of a rule, and its neighbours
/// outside. Reasons of weekends tell rules apart whose day is no weekday.
/// </summary>
public sealed class ShippedDaysTests
{
    private const string Attacks = "closed, Attacks of September 11",
        Eve = "early-close, Day before Independence Day",
        Morrow = "early-close, Day after Independence Day",
        Constitutionalist = "closed, Constitutionalist Revolution",
        Awareness = "closed, Black Awareness Day",
        EarlyMay = "closed, Early May bank holiday",
        Spring = "closed, Spring bank holiday",
        Emperor = "closed, Emperor's Birthday",
        Citizens = "closed, Citizens' holiday";

    [Theory]
    [InlineData("1994-04-27", "closed, National day of mourning, President Nixon")]
    [InlineData("1997-12-26", "early-close, Day after Christmas Day")]
    [InlineData("1999-12-31", "early-close, New Year's Eve 1999")]
    [InlineData("2001-09-11", Attacks)]
    [InlineData("2001-09-12", Attacks)]
    [InlineData("2001-09-13", Attacks)]
    [InlineData("2001-09-14", Attacks)]
    [InlineData("2001-09-17", "open")]
    [InlineData("2003-12-26", "early-close, Day after Christmas Day")]
    [InlineData("2004-06-11", "closed, National day of mourning, President Reagan")]
    [InlineData("2007-01-02", "closed, National day of mourning, President Ford")]
    [InlineData("2012-10-29", "closed, Hurricane Sandy")]
    [InlineData("2012-10-30", "closed, Hurricane Sandy")]
    [InlineData("2018-12-05", "closed, National day of mourning, President George H. W. Bush")]
    [InlineData("2025-01-09", "closed, National day of mourning, President Carter")]
    [InlineData("1997-01-20", "open")] // the first Martin Luther King, Jr. Day was a year later
    [InlineData("1998-01-19", "closed, Martin Luther King, Jr. Day")]
    [InlineData("2021-06-18", "open")] // Juneteenth was a Saturday, and no holiday yet
    [InlineData("2022-06-20", "closed, Juneteenth National Independence Day")]
    [InlineData("2010-12-31", "open")] // before a New Year's Day on a Saturday
    [InlineData("2011-01-01", "closed, weekend")]
    [InlineData("2023-01-02", "closed, New Year's Day")]
    [InlineData("2026-02-16", "closed, Washington's Birthday")]
    [InlineData("2026-04-03", "closed, Good Friday")]
    [InlineData("2026-05-25", "closed, Memorial Day")]
    [InlineData("2026-07-03", "closed, Independence Day")]
    [InlineData("2026-09-07", "closed, Labor Day")]
    [InlineData("2026-11-26", "closed, Thanksgiving Day")]
    [InlineData("2026-11-27", "early-close, Day after Thanksgiving Day")]
    [InlineData("2026-12-24", "early-close, Christmas Eve")]
    [InlineData("2026-12-25", "closed, Christmas Day")]
    [InlineData("2000-07-03", Eve)] // a Monday
    [InlineData("2001-07-03", Eve)]
    [InlineData("2002-07-03", "open")] // a Wednesday
    [InlineData("2002-07-05", Morrow)]
    [InlineData("2013-07-03", Eve)]
    [InlineData("2013-07-05", "open")]
    [InlineData("2014-07-03", Eve)]
    [InlineData("2015-07-03", "closed, Independence Day")]
    public void Nyse_Day_IsAsAnnounced(string date, string expected) => AssertDay("NYSE", date, expected);

    [Theory]
    [InlineData("1999-12-31", "closed, Millennium Eve")]
    [InlineData("2002-06-03", "closed, Golden Jubilee")]
    [InlineData("2011-04-29", "closed, Royal wedding")]
    [InlineData("2012-06-05", "closed, Diamond Jubilee")]
    [InlineData("2022-06-03", "closed, Platinum Jubilee")]
    [InlineData("2022-09-19", "closed, State funeral of Queen Elizabeth II")]
    [InlineData("2023-05-08", "closed, Coronation of King Charles III")]
    [InlineData("2026-01-01", "closed, New Year's Day")]
    [InlineData("2026-04-03", "closed, Good Friday")]
    [InlineData("2026-04-06", "closed, Easter Monday")]
    [InlineData("1995-05-01", "open")] // moved to the anniversary of VE Day
    [InlineData("1995-05-08", EarlyMay)]
    [InlineData("1996-05-06", EarlyMay)]
    [InlineData("2020-05-04", "open")]
    [InlineData("2020-05-08", EarlyMay)]
    [InlineData("2002-05-27", "open")] // moved to a jubilee
    [InlineData("2002-06-04", Spring)]
    [InlineData("2012-05-28", "open")]
    [InlineData("2012-06-04", Spring)]
    [InlineData("2022-05-30", "open")]
    [InlineData("2022-06-02", Spring)]
    [InlineData("2023-05-29", Spring)]
    [InlineData("2026-08-31", "closed, Summer bank holiday")]
    [InlineData("2026-12-24", "early-close, Christmas Eve")]
    [InlineData("2026-12-25", "closed, Christmas Day")]
    [InlineData("2026-12-26", "closed, Boxing Day")]
    [InlineData("2026-12-31", "early-close, New Year's Eve")]
    [InlineData("2027-12-27", "closed, Christmas Day (substitute day)")]
    [InlineData("2027-12-28", "closed, Boxing Day (substitute day)")]
    public void Lse_Day_IsAsAnnounced(string date, string expected) => AssertDay("LSE", date, expected);

    [Theory]
    [InlineData("2009-12-30", "open")] // half days were announced from 2010 on
    [InlineData("2010-12-30", "early-close, Last session of the year")]
    [InlineData("2026-01-01", "closed, New Year's Day")]
    [InlineData("2026-04-03", "closed, Good Friday")]
    [InlineData("2026-04-06", "closed, Easter Monday")]
    [InlineData("2026-05-01", "closed, Labour Day")]
    [InlineData("2026-12-24", "closed, Christmas Eve")]
    [InlineData("2026-12-25", "closed, Christmas Day")]
    [InlineData("2026-12-26", "closed, Boxing Day")]
    [InlineData("2026-12-31", "closed, New Year's Eve")]
    [InlineData("2007-05-28", "closed, Whit Monday")]
    [InlineData("2008-05-12", "open")]
    [InlineData("2014-06-09", "open")]
    [InlineData("2015-05-25", "closed, Whit Monday")]
    [InlineData("2021-05-24", "closed, Whit Monday")]
    [InlineData("2022-06-06", "open")]
    [InlineData("2013-10-03", "open")]
    [InlineData("2014-10-03", "closed, Day of German Unity")]
    [InlineData("2021-10-03", "closed, Day of German Unity")] // a Sunday
    [InlineData("2022-10-03", "open")]
    [InlineData("2016-10-31", "open")]
    [InlineData("2017-10-31", "closed, Reformation Day")]
    [InlineData("2018-10-31", "open")]
    public void Xetra_Day_IsAsAnnounced(string date, string expected) => AssertDay("XETRA", date, expected);

    [Theory]
    [InlineData("2026-01-01", "closed, Universal Fraternization")]
    [InlineData("2021-01-25", "closed, Anniversary of Sao Paulo")]
    [InlineData("2022-01-25", "open")]
    [InlineData("2026-02-16", "closed, Carnival Monday")]
    [InlineData("2026-02-17", "closed, Carnival Tuesday")]
    [InlineData("2026-02-18", "late-open, Ash Wednesday")]
    [InlineData("2026-04-03", "closed, Good Friday")]
    [InlineData("2026-04-21", "closed, Tiradentes")]
    [InlineData("2026-05-01", "closed, Labour Day")]
    [InlineData("2026-06-04", "closed, Corpus Christi")]
    [InlineData("2014-06-12", "closed, Opening of the World Cup")]
    [InlineData("2015-06-12", "open")]
    [InlineData("1997-07-09", "open")]
    [InlineData("1998-07-09", Constitutionalist)]
    [InlineData("2020-07-09", "open")] // moved to the first weeks of the pandemic
    [InlineData("2021-07-09", Constitutionalist)]
    [InlineData("2022-07-09", "closed, weekend")]
    [InlineData("2024-07-09", "open")]
    [InlineData("2026-09-07", "closed, Independence Day")]
    [InlineData("2026-10-12", "closed, Our Lady of Aparecida")]
    [InlineData("2026-11-02", "closed, All Souls' Day")]
    [InlineData("2026-11-15", "closed, Proclamation of the Republic")]
    [InlineData("2003-11-20", "open")]
    [InlineData("2004-11-20", Awareness)] // a Saturday
    [InlineData("2006-11-20", Awareness)]
    [InlineData("2020-11-20", "open")]
    [InlineData("2021-11-20", Awareness)] // a Saturday
    [InlineData("2022-11-20", "closed, weekend")]
    [InlineData("2023-11-20", "open")]
    [InlineData("2024-11-20", Awareness)]
    [InlineData("2026-12-24", "closed, Christmas Eve")]
    [InlineData("2026-12-25", "closed, Christmas Day")]
    [InlineData("2026-12-31", "closed, Last weekday of the year")]
    public void B3_Day_IsAsAnnounced(string date, string expected) => AssertDay("B3", date, expected);

    [Theory]
    [InlineData("1990-11-12", "closed, Enthronement Ceremony")]
    [InlineData("1993-06-09", "closed, Wedding of the Crown Prince")]
    [InlineData("1994-06-09", "open")]
    [InlineData("1999-01-15", "closed, Coming of Age Day")]
    [InlineData("2000-01-10", "closed, Coming of Age Day")]
    [InlineData("2026-01-01", "closed, New Year's Day")]
    [InlineData("2026-01-02", "closed, Market holiday")]
    [InlineData("2025-01-03", "closed, Market holiday")]
    [InlineData("2026-02-11", "closed, National Foundation Day")]
    [InlineData("2026-03-20", "closed, Vernal Equinox Day")]
    [InlineData("2099-03-20", "closed, Vernal Equinox Day")]
    [InlineData("2100-03-20", "closed, Vernal Equinox Day")] // a Saturday
    [InlineData("2106-03-21", "closed, Vernal Equinox Day")] // a Sunday
    [InlineData("2099-09-23", "closed, Autumnal Equinox Day")]
    [InlineData("2100-09-23", "closed, Autumnal Equinox Day")]
    [InlineData("2103-09-24", "closed, Autumnal Equinox Day")]
    [InlineData("2006-04-29", "closed, Greenery Day")] // a Saturday
    [InlineData("2007-04-29", "closed, Showa Day")]
    [InlineData("2006-05-04", Citizens)]
    [InlineData("2007-05-04", "closed, Greenery Day")]
    [InlineData("2003-05-04", "closed, weekend")] // a Sunday between two holidays is no holiday
    [InlineData("2026-05-03", "closed, Constitution Memorial Day")]
    [InlineData("2026-05-05", "closed, Children's Day")]
    [InlineData("2026-05-06", "closed, Constitution Memorial Day (substitute holiday)")] // the two days between are holidays
    [InlineData("1998-05-04", "closed, Constitution Memorial Day (substitute holiday)")]
    [InlineData("1998-05-06", "open")]
    [InlineData("1995-07-20", "open")]
    [InlineData("1996-07-20", "closed, Marine Day")] // a Saturday
    [InlineData("1998-07-20", "closed, Marine Day")]
    [InlineData("2002-07-20", "closed, Marine Day")]
    [InlineData("2003-07-21", "closed, Marine Day")]
    [InlineData("2020-07-23", "closed, Marine Day")]
    [InlineData("2020-07-24", "closed, Sports Day")]
    [InlineData("2020-08-10", "closed, Mountain Day")]
    [InlineData("2015-08-11", "open")]
    [InlineData("2016-08-11", "closed, Mountain Day")]
    [InlineData("2021-07-22", "closed, Marine Day")]
    [InlineData("2021-07-23", "closed, Sports Day")]
    [InlineData("2021-08-08", "closed, Mountain Day")]
    [InlineData("2002-09-15", "closed, Respect for the Aged Day")]
    [InlineData("2003-09-15", "closed, Respect for the Aged Day")]
    [InlineData("2004-09-20", "closed, Respect for the Aged Day")]
    [InlineData("2026-09-22", Citizens)]
    [InlineData("2026-09-23", "closed, Autumnal Equinox Day")]
    [InlineData("1996-10-10", "closed, Sports Day")]
    [InlineData("2000-10-09", "closed, Sports Day")]
    [InlineData("2020-10-01", "closed, Failure of the trading system")]
    [InlineData("2021-10-01", "open")]
    [InlineData("2026-11-03", "closed, Culture Day")]
    [InlineData("2026-11-23", "closed, Labor Thanksgiving Day")]
    [InlineData("2019-05-01", "closed, Accession Day")]
    [InlineData("2019-10-22", "closed, Enthronement Ceremony")]
    [InlineData("2018-10-22", "open")]
    [InlineData("1993-12-23", Emperor)]
    [InlineData("2018-12-23", Emperor)]
    [InlineData("2019-12-23", "open")]
    [InlineData("2019-02-23", "closed, weekend")]
    [InlineData("2020-02-23", Emperor)]
    [InlineData("2026-12-31", "closed, Market holiday")]
    public void Tse_Day_IsAsAnnounced(string date, string expected) => AssertDay("TSE", date, expected);

    [Theory]
    [InlineData("2017-01-10", "12:00", "19:00")] // in Brazil's summer time, before its closes had seasons
    [InlineData("2017-10-13", "13:00", "20:00")]
    [InlineData("2017-10-16", "12:00", "20:00")]
    public void B3_Session_ClosesByTheSeasonSince2017(string date, string opens, string closes)
    {
        var day = TestMarkets.Market("B3").Day(DateOnly.Parse(date));

        Assert.Equal((opens, closes), ($"{day.OpenUtc:HH:mm}", $"{day.CloseUtc:HH:mm}"));
    }

    private static void AssertDay(string market, string date, string expected)
    {
        var day = TestMarkets.Market(market).Day(DateOnly.Parse(date));

        Assert.Equal(expected, day.Reason is null ? day.Status.Name() : $"{day.Status.Name()}, {day.Reason}");
    }
}
