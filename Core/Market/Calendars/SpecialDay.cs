namespace Overnight.Core.Market.Calendars;

/// <summary>A day that differs from the others: closed, open at other hours, or open although a rule closes it.</summary>
/// <param name="IsTradingDay">Open although a rule or the weekend closes it.</param>
/// <param name="Opens">Local time of a late open.</param>
/// <param name="Closes">Local time of an early close.</param>
public readonly record struct SpecialDay(
    DateOnly Date,
    string Reason,
    bool IsClosed,
    TimeOnly? Opens = null,
    TimeOnly? Closes = null,
    bool IsTradingDay = false
)
{
    private const string And = "; ";

    public static SpecialDay Closed(DateOnly date, string reason) => new(date, reason, true);

    public static SpecialDay Closed(int year, int month, int day, string reason) => Closed(new DateOnly(year, month, day), reason);

    public static SpecialDay ClosesAt(DateOnly date, TimeOnly time, string reason) => new(date, reason, false, Closes: time);

    public static SpecialDay OpensAt(DateOnly date, TimeOnly time, string reason) => new(date, reason, false, Opens: time);

    public static SpecialDay TradingDay(DateOnly date, string reason) => new(date, reason, false, IsTradingDay: true);

    /// <summary>
    /// Combines this day with a later rule or setting for the same date: the later one replaces it, except that a trading day, a late open
    /// and an early close are combined.
    /// </summary>
    public SpecialDay Then(SpecialDay later)
    {
        if (IsClosed || later.IsClosed || later.IsTradingDay)
            return later;
        var replaces = !IsTradingDay && (Opens is null) == (later.Opens is null);
        return later with
        {
            Opens = later.Opens ?? Opens,
            Closes = later.Closes ?? Closes,
            IsTradingDay = IsTradingDay,
            Reason = replaces || Reason.Split(And).Contains(later.Reason) ? later.Reason : Reason + And + later.Reason,
        };
    }
}
