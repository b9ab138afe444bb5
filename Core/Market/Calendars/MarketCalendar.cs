using System.Collections.Concurrent;

namespace Overnight.Core.Market.Calendars;

/// <summary>
/// When a market is open and when its night is due, for any day; all moments are in UTC. Immutable except for the years and freshness
/// rules that it caches; safe to use from many threads.
/// </summary>
public sealed class MarketCalendar
{
    /// <summary>Days after which a market that stays closed counts as having no next open.</summary>
    private const int LongestBreak = 366;

    // Days whose deadlines are checked at start. In five years each combination of clock change and day of the week is near enough to one
    // of them, and the check takes a few milliseconds.
    private static readonly DateOnly FirstCheckedDeadline = new(2026, 1, 1);
    private const int CheckedYears = 5;

    private readonly Func<DateOnly, TradingHours> _hours;
    private readonly Func<int, IEnumerable<SpecialDay>> _days;
    private readonly IReadOnlySet<DayOfWeek> _weekend;
    private readonly TimeSpan _lead;
    private readonly CronSchedule? _cron;
    private readonly DeadlineRule _deadline;
    private readonly ConcurrentDictionary<int, Dictionary<DateOnly, SpecialDay>> _years = new();

    internal MarketCalendar(
        string code,
        string name,
        TimeZoneInfo zone,
        Func<DateOnly, TradingHours> hours,
        Func<int, IEnumerable<SpecialDay>> days,
        IReadOnlySet<DayOfWeek> weekend,
        TimeSpan lead,
        CronSchedule? cron,
        DeadlineRule deadline
    )
    {
        (Code, Name, Zone) = (code, name, zone);
        (_hours, _days, _weekend, _lead, _cron, _deadline) = (hours, days, weekend, lead, cron, deadline);
        Freshness = new(this);
    }

    public string Code { get; }
    public string Name { get; }
    public TimeZoneInfo Zone { get; }

    internal FreshnessMemory Freshness { get; }

    /// <summary>The rule for the time at which the night is due, for people.</summary>
    public string Due => _cron is null ? BeforeTheOpen(_lead) : $"cron {_cron}, local time";

    public MarketDay Day(DateOnly date)
    {
        var special = Special(date);
        if (Hours(date, special) is not { } hours)
            return new(Code, date, DayStatus.Closed, special is { IsClosed: true } holiday ? holiday.Reason : "weekend", null, null, null);
        var open = LocalTime.ToUtc(Zone, date.ToDateTime(hours.Opens));
        var close = LocalTime.ToUtc(Zone, date.ToDateTime(hours.Closes));
        var due = DueBefore(date, open);
        var (deadline, isMoved) = due is { } trigger ? _deadline.Of(Zone, date, trigger, open) : ((DateTimeOffset?)null, false);
        return new(Code, date, Status(special), special?.Reason, open, close, due, deadline, isMoved);
    }

    /// <summary>The rule for the deadline, for people.</summary>
    public string DoneBy => _deadline.At is { } time ? $"by {time:HH\\:mm}, local time" : BeforeTheOpen(_deadline.Lead);

    // A lead may be 24 hours, which the format h:mm of a duration shows as 0:00.
    private static string BeforeTheOpen(TimeSpan lead) => $"{(int)lead.TotalHours}:{lead.Minutes:00} h before the open";

    /// <summary>
    /// The first ordinary day on which the configured deadline does not lie between trigger and open; null when there is none.
    /// </summary>
    internal (MarketDay Day, DateTimeOffset Wanted)? FindUnfitDeadline()
    {
        foreach (var day in Days(FirstCheckedDeadline, FirstCheckedDeadline.AddYears(CheckedYears)))
        {
            // On a special day the trigger may move with the open; its deadline is then the middle of the two.
            if (day is { IsDeadlineMoved: true, Reason: null })
                return (day, _deadline.Wanted(Zone, day.Date, day.OpenUtc!.Value));
        }
        return null;
    }

    /// <summary>Local hours of a day; null when the market is closed.</summary>
    internal TradingHours? Hours(DateOnly date) => Hours(date, Special(date));

    /// <summary>The special days of a year on which the market is open, with their local hours.</summary>
    internal IEnumerable<(SpecialDay Day, TradingHours Hours)> SpecialSessions(int year)
    {
        foreach (var day in Specials(year).Values)
        {
            if (Hours(day.Date, day) is { } hours)
                yield return (day, hours);
        }
    }

    public IEnumerable<MarketDay> Days(DateOnly from, DateOnly until)
    {
        for (var date = from; date <= until; date = date.AddDays(1))
            yield return Day(date);
    }

    /// <summary>
    /// The first open after a moment, which is the open that a night at that moment prepares. Null when there is none within a year.
    /// </summary>
    public MarketDay? NextOpen(DateTimeOffset now)
    {
        // Begins a day early: where a local day is skipped, a later date can have an earlier moment than the dates suggest.
        var date = LocalTime.DateIn(Zone, now).AddDays(-1);
        return Days(date, date.AddDays(LongestBreak)).FirstOrDefault(day => day.OpenUtc > now);
    }

    /// <summary>The first open after a moment that has a night; null when there is none within a year.</summary>
    public MarketDay? NextOpenWithNight(DateTimeOffset now)
    {
        var date = LocalTime.DateIn(Zone, now).AddDays(-1);
        return Days(date, date.AddDays(LongestBreak)).FirstOrDefault(day => day.OpenUtc > now && day.DueUtc is not null);
    }

    /// <summary>The days whose nights are due after one moment and at or before another, earliest first.</summary>
    public IEnumerable<MarketDay> DueBetween(DateTimeOffset after, DateTimeOffset until)
    {
        // A night can be due days before its open: over a break, or by a cron; with a long lead also before the open that comes first.
        var (first, last) = (LocalTime.DateIn(Zone, after).AddDays(-1), NextOpen(until)?.Date ?? LocalTime.DateIn(Zone, until));
        return Days(first, last.AddDays(2)).Where(day => day.DueUtc > after && day.DueUtc <= until);
    }

    /// <summary>
    /// The open whose night should have begun by now; null when none is due. A night is no longer due once its market has opened.
    /// </summary>
    public MarketDay? DueAt(DateTimeOffset now) => NextOpen(now) is { DueUtc: { } due } day && due <= now ? day : null;

    /// <summary>The first open whose night is not due yet; null when there is none within a year.</summary>
    public MarketDay? NextNight(DateTimeOffset now)
    {
        var date = LocalTime.DateIn(Zone, now).AddDays(-1);
        return Days(date, date.AddDays(LongestBreak)).FirstOrDefault(day => day.DueUtc > now);
    }

    /// <summary>
    /// When the night is due: <c>Lead</c> before the open, in elapsed time; with a cron, at its last occurrence after the open before.
    /// </summary>
    private DateTimeOffset? DueBefore(DateOnly date, DateTimeOffset open)
    {
        if (_cron is null)
            return open - _lead;
        return _cron.Last(Zone, PreviousOpen(date) ?? open.AddDays(-LongestBreak), open);
    }

    private DateTimeOffset? PreviousOpen(DateOnly date)
    {
        for (var before = date.AddDays(-1); before > date.AddDays(-LongestBreak); before = before.AddDays(-1))
        {
            if (Hours(before) is { } hours)
                return LocalTime.ToUtc(Zone, before.ToDateTime(hours.Opens));
        }
        return null;
    }

    private TradingHours? Hours(DateOnly date, SpecialDay? special)
    {
        if (special?.IsClosed == true || (_weekend.Contains(date.DayOfWeek) && special?.IsTradingDay != true))
            return null;
        var usual = _hours(date);
        return new(special?.Opens ?? usual.Opens, special?.Closes ?? usual.Closes);
    }

    /// <summary>A trading day with both a configured open and close counts as open, not as an early close or a late open.</summary>
    private static DayStatus Status(SpecialDay? special) =>
        special switch
        {
            { IsTradingDay: true, Opens: not null, Closes: not null } => DayStatus.Open,
            { Closes: not null } => DayStatus.EarlyClose,
            { Opens: not null } => DayStatus.LateOpen,
            _ => DayStatus.Open,
        };

    private SpecialDay? Special(DateOnly date) => _years.GetOrAdd(date.Year, Specials).TryGetValue(date, out var special) ? special : null;

    private Dictionary<DateOnly, SpecialDay> Specials(int year)
    {
        Dictionary<DateOnly, SpecialDay> specials = [];
        foreach (var day in _days(year))
            specials[day.Date] = specials.TryGetValue(day.Date, out var earlier) ? earlier.Then(day) : day;
        return specials;
    }
}
