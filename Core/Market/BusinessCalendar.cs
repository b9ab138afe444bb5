namespace Overnight.Core.Market;

/// <summary>Which open a moment comes before: opening hours and weekends of one market.</summary>
/// <param name="zone">The market's time zone.</param>
/// <param name="opens">Local time of the open.</param>
public sealed class BusinessCalendar(TimeZoneInfo zone, TimeOnly opens)
{
    /// <summary>The date of the next open after <paramref name="now"/>, in the market's time zone.</summary>
    public DateOnly NextOpen(DateTimeOffset now)
    {
        var local = TimeZoneInfo.ConvertTime(now, zone);
        var date = DateOnly.FromDateTime(local.DateTime);
        if (TimeOnly.FromDateTime(local.DateTime) >= opens) date = date.AddDays(1);
        while (date.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday) date = date.AddDays(1);
        return date;
    }
}
