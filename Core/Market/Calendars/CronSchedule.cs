using Cronos;

namespace Overnight.Core.Market.Calendars;

/// <summary>
/// A cron expression with the five fields of Unix: minute, hour, day of month, month, day of week with Sunday 0 or 7. Cronos parses it,
/// so names (<c>MON-FRI</c>), <c>L</c>, <c>W</c> and <c>#</c> are accepted too; a number with a step (<c>5/2</c>) counts up to the end of
/// its field.
/// </summary>
public sealed class CronSchedule
{
    private readonly string _text;
    private readonly CronExpression _expression;

    private CronSchedule(string text, CronExpression expression) => (_text, _expression) = (text, expression);

    /// <exception cref="FormatException">The text is no such expression; the message contains the text and the reason.</exception>
    public static CronSchedule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5)
            throw new FormatException(
                $"'{text}' has {fields.Length} fields; a cron expression has five: minute, hour, day of month, month, day of week."
            );
        // Unix runs on days that either field names, Cronos on days that both name; either choice would surprise some users.
        if (fields[2] != "*" && fields[4] != "*")
            throw new FormatException($"'{text}' names days of the month and days of the week; give one of them, and * for the other.");
        // Cronos treats it as * in every field; Unix does not know it.
        if (text.Contains('?', StringComparison.Ordinal))
            throw new FormatException($"'{text}' has a '?', which Unix cron does not know; write * for any value.");
        try
        {
            CronSchedule schedule = new(text.Trim(), CronExpression.Parse(text.Trim(), CronFormat.Standard));
            return schedule.Next(DateTimeOffset.UnixEpoch) is not null
                ? schedule
                : throw new FormatException($"'{text}' names a day that none of its months has, so it never occurs.");
        }
        catch (Exception exception) when (exception is CronFormatException or MissingSeedException)
        {
            throw new FormatException($"'{text}' is no cron expression: {exception.Message}", exception);
        }
    }

    /// <summary>The first occurrence after <paramref name="moment"/>, in UTC; null when there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset moment) => _expression.GetNextOccurrence(moment.UtcDateTime);

    /// <summary>
    /// The last occurrence between two moments, in the local time of a zone: a local time that the clocks skip occurs at the moment of the
    /// change, one that they show twice occurs the first time. Null when there is none.
    /// </summary>
    public DateTimeOffset? Last(TimeZoneInfo zone, DateTimeOffset after, DateTimeOffset before)
    {
        // Cronos gets local times as if they were UTC, so that only LocalTime handles changes of the clocks. The range begins a day early,
        // which is longer than any change.
        var (end, earliest) = (Local(before), Local(after).AddDays(-1));
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

        DateTimeOffset Local(DateTimeOffset moment) => new(TimeZoneInfo.ConvertTime(moment, zone).DateTime, TimeSpan.Zero);
    }

    public override string ToString() => _text;
}
