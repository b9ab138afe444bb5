namespace Overnight.Core.Market.Calendars;

/// <summary>The local times of a session.</summary>
public readonly record struct TradingHours(TimeOnly Opens, TimeOnly Closes)
{
    public static TradingHours Between(int opens, int closes) => new(Clock(opens), Clock(closes));

    /// <summary>A time of day written without the colon: 930 is 09:30.</summary>
    internal static TimeOnly Clock(int time) => new(time / 100, time % 100);
}
