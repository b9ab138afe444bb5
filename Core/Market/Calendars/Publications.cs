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
    public static AgeLimit LastClose(MarketCalendar market, DateTimeOffset until)
    {
        var date = LocalTime.DateIn(market.Zone, until).AddDays(1);
        for (var days = 0; days <= LongestBreak; days++, date = date.AddDays(-1))
        {
            if (market.Day(date).CloseUtc is { } close && close <= until)
                return new(close, date);
        }
        return AgeLimit.None;
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
