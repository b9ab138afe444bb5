using System.Globalization;

namespace Overnight.Core.Market.Calendars;

/// <summary>A day in configuration: a date, a day of every year, or a number of days before or after Easter Sunday.</summary>
internal readonly record struct DayPattern(DateOnly? Date, int Month, int DayOfMonth, int? FromEaster)
{
    public const string Forms = "yyyy-MM-dd, MM-dd for every year, or easter-2 and the like";
    private const string EasterWord = "easter";

    public static DayPattern? Parse(string text)
    {
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return new(date, 0, 0, null);
        // Parsed in a leap year, so that February 29 is accepted.
        if (
            text.Length == 5
            && DateOnly.TryParseExact($"2000-{text}", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
        )
            return new(null, day.Month, day.Day, null);
        if (!text.StartsWith(EasterWord, StringComparison.OrdinalIgnoreCase))
            return null;
        var offset = text[EasterWord.Length..];
        if (offset.Length == 0)
            return new(null, 0, 0, 0);
        return
            offset[0] is '+' or '-'
            && int.TryParse(offset, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var days)
            && days is >= -80 and <= 240
            ? new(null, 0, 0, days)
            : null;
    }

    /// <summary>The day in a year; null when it does not occur in that year.</summary>
    public DateOnly? In(int year)
    {
        if (Date is { } date)
            return date.Year == year ? date : null;
        if (FromEaster is { } days)
            return HolidayDates.Easter(year).AddDays(days);
        return DayOfMonth <= DateTime.DaysInMonth(year, Month) ? new DateOnly(year, Month, DayOfMonth) : null;
    }
}
