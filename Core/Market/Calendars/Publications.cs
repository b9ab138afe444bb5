namespace Overnight.Core.Market.Calendars;

/// <summary>A limit of age: as a moment, and as a day for values that have a date without a time.</summary>
internal readonly record struct AgeLimit(DateTimeOffset Moment, DateOnly Day)
{
    public static readonly AgeLimit None = new(DateTimeOffset.MinValue, DateOnly.MinValue);

    public bool IsOlder(DateTimeOffset? asOf) =>
        asOf is { } time && (time.TimeOfDay == TimeSpan.Zero ? DateOnly.FromDateTime(time.UtcDateTime) < Day : time < Moment);
}

/// <summary>When prices and exchange rates were last published, by the calendars of those who publish them.</summary>
internal static class Publications
{
    /// <summary>When the European Central Bank publishes the day's rates, in <see cref="RatesZone"/>.</summary>
    private static readonly TimeOnly RatesPublished = new(16, 0);
    private static readonly TimeZoneInfo RatesZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    private const int LongestBreak = 366;

    /// <summary>The market's last close at or before a moment; none within a year is no limit.</summary>
    public static AgeLimit LastClose(MarketCalendar market, DateTimeOffset until) =>
        LastSession(market, until) is { } day ? new(day.CloseUtc!.Value, day.Date) : AgeLimit.None;

    /// <summary>
    /// The open of the session that ended last at or before a moment, for prices whose time is that of their last trade, which may be at
    /// any time of the session.
    /// </summary>
    public static AgeLimit LastOpen(MarketCalendar market, DateTimeOffset until) =>
        LastSession(market, until) is { } day ? new(day.OpenUtc!.Value, day.Date) : AgeLimit.None;

    private static MarketDay? LastSession(MarketCalendar market, DateTimeOffset until)
    {
        var date = LocalTime.DateIn(market.Zone, until).AddDays(1);
        for (var days = 0; days <= LongestBreak; days++, date = date.AddDays(-1))
        {
            if (market.Day(date) is { CloseUtc: { } close } day && close <= until)
                return day;
        }
        return null;
    }

    /// <summary>The last reference rates of the European Central Bank at or before a moment.</summary>
    public static AgeLimit LastRates(DateTimeOffset until)
    {
        for (var date = LocalTime.DateIn(RatesZone, until); ; date = date.AddDays(-1))
        {
            if (!TargetDays.IsOpen(date))
                continue;
            var published = LocalTime.ToUtc(RatesZone, date.ToDateTime(RatesPublished));
            if (published <= until)
                return new(published, date);
        }
    }
}
