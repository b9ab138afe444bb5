namespace Overnight.Core.Market;

/// <summary>
/// What a person is told about the age of a result (SPEC C3): hours of weekdays since it was generated, so that a
/// result of Friday's night is still fresh on Sunday. Market holidays count as days until calendars are known here.
/// </summary>
public static class Freshness
{
    public const string Fresh = "fresh";
    public const string Delayed = "delayed";
    public const string Stale = "stale";

    /// <summary>A night is every 24 hours on weekdays; half a day more is a late one.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromHours(36);

    /// <summary>Two nights missed in a row.</summary>
    public static readonly TimeSpan DelayedFor = TimeSpan.FromHours(72);

    public static string Status(DateTimeOffset generatedAt, DateTimeOffset now)
    {
        var age = WeekdayTime(generatedAt.UtcDateTime, now.UtcDateTime);
        return age < FreshFor ? Fresh : age < DelayedFor ? Delayed : Stale;
    }

    /// <summary>The time between two moments that lies on Monday to Friday, UTC; zero when <paramref name="to"/> is not later.</summary>
    public static TimeSpan WeekdayTime(DateTime from, DateTime to) => to <= from ? TimeSpan.Zero : SinceMonday(to) - SinceMonday(from);

    // Weekday time since Monday 0001-01-01, on which .NET's ticks begin.
    private static TimeSpan SinceMonday(DateTime moment)
    {
        var (weeks, rest) = Math.DivRem(moment.Ticks, 7 * TimeSpan.TicksPerDay);
        return TimeSpan.FromTicks(weeks * 5 * TimeSpan.TicksPerDay + Math.Min(rest, 5 * TimeSpan.TicksPerDay));
    }
}
