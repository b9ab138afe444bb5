namespace Overnight.Core.Market.Calendars;

/// <summary>An entry of <see cref="MarketOptions"/> about a day, or a day of every year.</summary>
/// <param name="Key">Configuration key below the market's.</param>
/// <param name="Text">The configured text.</param>
/// <param name="Day">The day it names.</param>
/// <param name="IsTimed">Whether it is an early close or a late open.</param>
/// <param name="Make">Creates the special day on a date.</param>
internal sealed record SpecialDayEntry(string Key, string Text, DayPattern Day, bool IsTimed, Func<DateOnly, SpecialDay> Make)
{
    /// <summary>The special day in a year; null when the year has no such day.</summary>
    public SpecialDay? In(int year) => Day.In(year) is { } date ? Make(date) : null;
}

/// <summary>
/// Checks configured times against the market's other rules: each session opens before it closes, and no time is given for a closed day.
/// For an entry for every year only the first year with an error is reported.
/// </summary>
/// <param name="entries">The market's configured days in order of precedence.</param>
/// <param name="fail">Called with the key below the market's, the bound and the value.</param>
internal sealed class TradingHoursCheck(
    MarketCalendar calendar,
    IReadOnlyList<string> hours,
    IReadOnlyList<SpecialDayEntry> entries,
    Action<string, string, string> fail
)
{
    private readonly List<SpecialDayEntry> _timed = [.. entries.Where(entry => entry.IsTimed)];
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    public void Run()
    {
        foreach (var entry in _timed)
        {
            // An entry for every year applies only in years in which its day is a trading day, so it is not checked.
            if (entry.Day.Date is { } date && calendar.Hours(date) is null)
                Fail(
                    entry.Key,
                    $"must be a day of trading: {date:yyyy-MM-dd} is a {date.DayOfWeek}, and not among TradingDays",
                    entry.Text
                );
        }
        for (var year = MarketCatalog.FirstYear; year <= MarketCatalog.LastYear; year++)
        {
            foreach (var (day, session) in calendar.SpecialSessions(year))
            {
                if (session.Opens >= session.Closes)
                    Crosses(day, session);
            }
        }
    }

    private void Crosses(SpecialDay day, TradingHours session)
    {
        var ofDay = _timed.Where(entry => entry.Day.In(day.Date.Year) == day.Date).ToList();
        if (ofDay.FindLast(entry => entry.Make(day.Date).Closes == session.Closes) is { } close)
            Fail(close.Key, $"must be after the open, which is at {session.Opens:HH:mm} on {day.Date:yyyy-MM-dd}", close.Text);
        else if (ofDay.FindLast(entry => entry.Make(day.Date).Opens == session.Opens) is { } open)
            Fail(open.Key, $"must be before the close, which is at {session.Closes:HH:mm} on {day.Date:yyyy-MM-dd}", open.Text);
        else
            Fail(
                nameof(MarketOptions.Hours),
                $"must leave time for the session of {day.Date:yyyy-MM-dd} ({day.Reason}), from {session.Opens:HH:mm} to {session.Closes:HH:mm}",
                string.Join(", ", hours)
            );
    }

    private void Fail(string key, string bound, string value)
    {
        if (_told.Add(key))
            fail(key, bound, value);
    }
}
