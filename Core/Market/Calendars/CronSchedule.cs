using Cronos;

namespace Overnight.Core.Market.Calendars;

/// <summary>
/// A cron expression of five fields, as Unix writes it: minute, hour, day of month, month, day of week with Sunday 0 or 7.
/// Cronos reads it, so names (<c>MON-FRI</c>), <c>L</c>, <c>W</c> and <c>#</c> are understood, too; a number with a step
/// (<c>5/2</c>) counts up to the end of its field.
/// </summary>
public sealed class CronSchedule
{
    private readonly string _text;
    private readonly CronExpression _expression;

    private CronSchedule(string text, CronExpression expression) => (_text, _expression) = (text, expression);

    /// <exception cref="FormatException">The text is no such expression; the message has it and says why.</exception>
    public static CronSchedule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5)
            throw new FormatException(
                $"'{text}' has {fields.Length} fields; a cron expression has five: minute, hour, day of month, month, day of week."
            );
        // Unix takes a day that either field names, Cronos one that both name: whichever was chosen, someone's run would be on other days.
        if (fields[2] != "*" && fields[4] != "*")
            throw new FormatException($"'{text}' names days of the month and of the week; give one of them and * for the other.");
        // Cronos takes it for * in every field; Unix does not know it.
        if (text.Contains('?', StringComparison.Ordinal))
            throw new FormatException($"'{text}' has a '?', which is not of the Unix form; write * for any value.");
        try
        {
            CronSchedule schedule = new(text.Trim(), CronExpression.Parse(text.Trim(), CronFormat.Standard));
            return schedule.Next(DateTimeOffset.UnixEpoch) is not null
                ? schedule
                : throw new FormatException($"'{text}' names a day that no month of its has, so it never comes.");
        }
        catch (Exception exception) when (exception is CronFormatException or MissingSeedException)
        {
            throw new FormatException($"'{text}' is no cron expression: {exception.Message}", exception);
        }
    }

    /// <summary>The first time after <paramref name="moment"/>, in UTC; null when there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset moment) => _expression.GetNextOccurrence(moment.UtcDateTime);

    /// <summary>
    /// The last time between two moments, read on the clocks of a zone: one that they skip is when they skip it, one that they
    /// show twice is the first. Null when there is none.
    /// </summary>
    public DateTimeOffset? Last(TimeZoneInfo zone, DateTimeOffset after, DateTimeOffset before)
    {
        // The expression is asked for local times as if they were UTC, so that a change of clocks is LocalTime's alone to decide.
        // A day more than asked for covers any change between.
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
