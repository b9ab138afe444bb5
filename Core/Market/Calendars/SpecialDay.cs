namespace Overnight.Core.Market.Calendars;

/// <summary>A session's local times.</summary>
public readonly record struct TradingHours(TimeOnly Opens, TimeOnly Closes)
{
    public static TradingHours Between(int opens, int closes) => new(Clock(opens), Clock(closes));

    /// <summary>A time of day as people write it without the colon: 930 is 09:30.</summary>
    internal static TimeOnly Clock(int time) => new(time / 100, time % 100);
}

/// <summary>A day that is not like the others: closed, open for other hours than usual, or open although a rule closes it.</summary>
/// <param name="Opens">Local time of a late open.</param>
/// <param name="Closes">Local time of an early close.</param>
public readonly record struct SpecialDay(DateOnly Date, string Reason, bool IsClosed, TimeOnly? Opens, TimeOnly? Closes)
{
    public static SpecialDay Closed(DateOnly date, string reason) => new(date, reason, true, null, null);

    public static SpecialDay Closed(int year, int month, int day, string reason) => Closed(new DateOnly(year, month, day), reason);

    public static SpecialDay ClosesAt(DateOnly date, TimeOnly time, string reason) => new(date, reason, false, null, time);

    public static SpecialDay OpensAt(DateOnly date, TimeOnly time, string reason) => new(date, reason, false, time, null);

    public static SpecialDay Regular(DateOnly date, string reason) => new(date, reason, false, null, null);

    /// <summary>Open as on any other day, a weekend's included.</summary>
    public bool IsRegular => !IsClosed && Opens is null && Closes is null;

    /// <summary>What this day is when a later rule or setting speaks of it, too: that replaces it, but a late open and an early close add up.</summary>
    public SpecialDay Then(SpecialDay later)
    {
        if (IsClosed || IsRegular || later.IsClosed || later.IsRegular)
            return later;
        var both = (later.Opens is null) != (Opens is null);
        return later with
        {
            Opens = later.Opens ?? Opens,
            Closes = later.Closes ?? Closes,
            Reason = both ? $"{Reason}; {later.Reason}" : later.Reason,
        };
    }
}
