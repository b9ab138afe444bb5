namespace Overnight.Core.Market.Calendars;

/// <summary>
/// Days on which the euro's payment system TARGET is open, on which the European Central Bank publishes reference rates. Source: the
/// bank's long-term calendar of closing days, in force since 2002.
/// </summary>
public static class TargetDays
{
    public static bool IsOpen(DateOnly date)
    {
        if (HolidayDates.IsWeekend(date))
            return false;
        var easter = HolidayDates.Easter(date.Year);
        return (date.Month, date.Day) is not ((1, 1) or (5, 1) or (12, 25) or (12, 26))
            && date != easter.AddDays(-2)
            && date != easter.AddDays(1);
    }
}
