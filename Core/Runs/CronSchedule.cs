using Quartz;

namespace Overnight.Core.Runs;

/// <summary>
/// A cron expression of five fields, as Unix writes it (minute, hour, day of month, month, day of week with Sunday 0 or
/// 7), in UTC. Read by Quartz's parser, whose form differs: seconds first, Sunday 1, and a <c>?</c> for the day not used.
/// </summary>
public sealed class CronSchedule
{
    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
    private readonly CronExpression _expression;

    private CronSchedule(CronExpression expression) => _expression = expression;

    /// <exception cref="FormatException">The text is no such expression; the message says why.</exception>
    public static CronSchedule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (fields.Length != 5) throw new FormatException($"'{text}' has {fields.Length} fields; a cron expression has five: minute, hour, day of month, month, day of week.");
        var (dayOfMonth, dayOfWeek) = (fields[2], fields[4]);
        if (dayOfMonth != "*" && dayOfWeek != "*") throw new FormatException($"'{text}' names days of the month and of the week; give one of them and * for the other.");
        try
        {
            var quartz = dayOfWeek == "*"
                ? $"0 {fields[0]} {fields[1]} {dayOfMonth} {fields[3]} ?"
                : $"0 {fields[0]} {fields[1]} ? {fields[3]} {string.Join(',', dayOfWeek.Split(',').Select(NamedDays))}";
            return new(new CronExpression(quartz, TimeZoneInfo.Utc));
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or SchedulerException)
        {
            throw new FormatException($"'{text}' is no cron expression: {exception.Message}", exception);
        }
    }

    /// <summary>The first time after <paramref name="moment"/>, in UTC; null when there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset moment) => _expression.GetNextValidTimeAfter(moment);

    /// <summary>Numbers become names, which both count alike; steps keep their number.</summary>
    private static string NamedDays(string part)
    {
        var step = part.Split('/');
        var range = step[0].Split('-').Select(day => day.Length == 1 && char.IsAsciiDigit(day[0]) && day[0] < '8' ? Days[day[0] - '0'] : day);
        return string.Join('/', [string.Join('-', range), .. step[1..]]);
    }
}
