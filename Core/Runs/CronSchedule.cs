using Overnight.Core.Market.Calendars;
using Quartz;

namespace Overnight.Core.Runs;

/// <summary>
/// A cron expression of five fields, as Unix writes it (minute, hour, day of month, month, day of week with Sunday 0 or
/// 7). Read by Quartz's parser, whose form differs: seconds first, Sunday 1, and a <c>?</c> for the day not used.
/// </summary>
public sealed class CronSchedule
{
    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
    private readonly string _text;
    private readonly CronExpression _expression;

    private CronSchedule(string text, CronExpression expression) => (_text, _expression) = (text, expression);

    /// <exception cref="FormatException">The text is no such expression; the message says why.</exception>
    public static CronSchedule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (fields.Length != 5)
            throw new FormatException(
                $"'{text}' has {fields.Length} fields; a cron expression has five: minute, hour, day of month, month, day of week."
            );
        var (dayOfMonth, dayOfWeek) = (fields[2], fields[4]);
        if (dayOfMonth != "*" && dayOfWeek != "*")
            throw new FormatException($"'{text}' names days of the month and of the week; give one of them and * for the other.");
        try
        {
            var quartz =
                dayOfWeek == "*"
                    ? $"0 {fields[0]} {fields[1]} {dayOfMonth} {fields[3]} ?"
                    : $"0 {fields[0]} {fields[1]} ? {fields[3]} {string.Join(',', dayOfWeek.Split(',').Select(NamedDays))}";
            return new(string.Join(' ', fields), new CronExpression(quartz, TimeZoneInfo.Utc));
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or SchedulerException)
        {
            throw new FormatException($"'{text}' is no cron expression: {exception.Message}", exception);
        }
    }

    /// <summary>The first time after <paramref name="moment"/>, in UTC; null when there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset moment) => _expression.GetNextValidTimeAfter(moment);

    /// <summary>
    /// The last time between two moments, read on the clocks of a zone: one that they skip is when they skip it, one that they
    /// show twice is the first. Null when there is none.
    /// </summary>
    public DateTimeOffset? Last(TimeZoneInfo zone, DateTimeOffset after, DateTimeOffset before)
    {
        // Wall clocks are told to the expression as if they were UTC's, so that it knows of no changes. A day more than asked
        // for covers any change between.
        var (end, earliest) = (Wall(before), Wall(after).AddDays(-1));
        for (var back = TimeSpan.FromHours(2); ; back *= 4)
        {
            var start = end - back < earliest ? earliest : end - back;
            DateTimeOffset? last = null;
            for (var time = Next(start); time <= end; time = Next(time.Value))
            {
                var moment = LocalTime.ToUtc(zone, time.Value.DateTime);
                if (moment > after && moment < before)
                    last = moment;
            }
            if (last is not null || start == earliest)
                return last;
        }

        DateTimeOffset Wall(DateTimeOffset moment) => new(TimeZoneInfo.ConvertTime(moment, zone).DateTime, TimeSpan.Zero);
    }

    public override string ToString() => _text;

    /// <summary>Numbers become names, which both count alike; steps keep their number.</summary>
    private static string NamedDays(string part)
    {
        var step = part.Split('/');
        var range = step[0]
            .Split('-')
            .Select(day => day.Length == 1 && char.IsAsciiDigit(day[0]) && day[0] < '8' ? Days[day[0] - '0'] : day);
        return string.Join('/', [string.Join('-', range), .. step[1..]]);
    }
}
