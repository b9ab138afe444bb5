namespace Overnight.Core.Market.Calendars;

/// <summary>What a market does on a day.</summary>
public enum DayStatus
{
    Open,
    EarlyClose,
    LateOpen,
    Closed,
}

/// <summary>One day of one market, in UTC.</summary>
/// <param name="Reason">Why the day differs from others; null for an ordinary trading day.</param>
/// <param name="OpenUtc">Null when closed, as is <paramref name="CloseUtc"/>.</param>
/// <param name="DueUtc">When the night that prepares this open is due; null when closed, or when the market's own cron names no time
/// before this open.</param>
public sealed record MarketDay(
    string Market,
    DateOnly Date,
    DayStatus Status,
    string? Reason,
    DateTimeOffset? OpenUtc,
    DateTimeOffset? CloseUtc,
    DateTimeOffset? DueUtc
)
{
    public bool IsOpen => Status != DayStatus.Closed;
}

/// <summary>Names of statuses as shown.</summary>
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
