namespace Overnight.Core.Market.Calendars;

/// <summary>When a market's nights are to be done: at a local time, or a time before the open.</summary>
/// <param name="At">The local time; null for <paramref name="Lead"/>.</param>
/// <param name="Lead">Elapsed time from the deadline to the open.</param>
internal readonly record struct DeadlineRule(TimeOnly? At, TimeSpan Lead)
{
    public static readonly DeadlineRule Default = new(null, MarketOptions.DefaultDeadlineLead);

    /// <summary>
    /// The deadline before an open. It lies between the trigger and the open; where the rule gives another moment, it is the middle of the
    /// two.
    /// </summary>
    public (DateTimeOffset Deadline, bool IsMoved) Of(TimeZoneInfo zone, DateOnly date, DateTimeOffset due, DateTimeOffset open)
    {
        var wanted = Wanted(zone, date, open);
        return wanted > due && wanted < open ? (wanted, false) : (due + (open - due) / 2, true);
    }

    /// <summary>The moment that the rule gives, whether it fits or not. Changes of clocks are handled as for triggers.</summary>
    public DateTimeOffset Wanted(TimeZoneInfo zone, DateOnly date, DateTimeOffset open)
    {
        if (At is not { } time)
            return open - Lead;
        var wanted = LocalTime.ToUtc(zone, date.ToDateTime(time));
        return wanted < open ? wanted : LocalTime.ToUtc(zone, date.AddDays(-1).ToDateTime(time));
    }
}
