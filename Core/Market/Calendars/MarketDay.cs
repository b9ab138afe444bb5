namespace Overnight.Core.Market.Calendars;

/// <summary>Whether and how a market trades on a day.</summary>
public enum DayStatus
{
    Open,
    EarlyClose,
    LateOpen,
    Closed,
}

/// <summary>One day of one market; moments are in UTC.</summary>
/// <param name="Reason">Why the day differs from others; null for an ordinary trading day.</param>
/// <param name="OpenUtc">The open; null when closed.</param>
/// <param name="CloseUtc">The close; null when closed.</param>
/// <param name="DueUtc">When the night that prepares this open is due; null when closed, or when the market's cron has no occurrence
/// before this open.</param>
/// <param name="DeadlineUtc">When the night is to be done; null when there is no night.</param>
/// <param name="IsDeadlineMoved">Whether the usual deadline does not lie between the trigger and this open, so that the deadline is the
/// middle of the two.</param>
public sealed record MarketDay(
    string Market,
    DateOnly Date,
    DayStatus Status,
    string? Reason,
    DateTimeOffset? OpenUtc,
    DateTimeOffset? CloseUtc,
    DateTimeOffset? DueUtc,
    DateTimeOffset? DeadlineUtc = null,
    bool IsDeadlineMoved = false
)
{
    public bool IsOpen => Status != DayStatus.Closed;

    /// <summary>Why no night prepares this day, for the end of a sentence; null where one does.</summary>
    public string? WhyNoNight =>
        !IsOpen ? $"closed, {Reason}"
        : DueUtc is null ? "the cron names no time between the previous open and this one"
        : null;
}

/// <summary>Names of statuses in output and JSON.</summary>
public static class DayStatuses
{
    public static string Name(this DayStatus status) =>
        status switch
        {
            DayStatus.Open => "open",
            DayStatus.EarlyClose => "early-close",
            DayStatus.LateOpen => "late-open",
            DayStatus.Closed => "closed",
            _ => throw new ArgumentOutOfRangeException(nameof(status), status, "Unknown status."),
        };
}
