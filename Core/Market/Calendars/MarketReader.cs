using System.Globalization;

namespace Overnight.Core.Market.Calendars;

/// <summary>
/// Builds a market's calendar from the shipped rules and the configuration, and collects its errors with key, bound and value.
/// </summary>
internal sealed class MarketReader(string code, MarketOptions options, List<string> failures)
{
    private static readonly IReadOnlySet<DayOfWeek> DefaultWeekend = new HashSet<DayOfWeek> { DayOfWeek.Saturday, DayOfWeek.Sunday };

    public static MarketCalendar Shipped(MarketRules rules) =>
        new(
            rules.Code,
            rules.Name,
            TimeZoneInfo.FindSystemTimeZoneById(rules.TimeZone),
            rules.Hours,
            rules.Days,
            DefaultWeekend,
            MarketOptions.DefaultLead,
            null,
            DeadlineRule.Default
        );

    /// <returns>Null when the configuration of the market is invalid.</returns>
    public MarketCalendar? Read()
    {
        var before = failures.Count;
        if (!IsCode(code))
            Fail("", "must be named by 2 to 12 letters and digits in upper case, beginning with a letter", code);
        var like = Rules();
        var zone = Zone(like);
        var hours = Hours(like);
        var weekend = Weekend();
        var own = OwnDays();
        var lead = options.Lead ?? MarketOptions.DefaultLead;
        if (lead < MarketOptions.LeastLead || lead > MarketOptions.MostLead)
            Fail(
                nameof(options.Lead),
                $"must be between {MarketOptions.LeastLead:c} and {MarketOptions.MostLead:c}",
                lead.ToString("c", CultureInfo.InvariantCulture)
            );
        var cron = Cron();
        var deadline = Deadline();
        if (failures.Count > before)
            return null;
        var name = options.Name ?? (like?.Code == code ? like.Name : code);
        MarketCalendar calendar = new(code, name, zone!, hours!, Days(like, own), weekend, lead, cron, deadline);
        new TradingHoursCheck(calendar, options.Hours, own, Fail).Run();
        if (options.Deadline is not null || options.DeadlineLead is not null)
            CheckDeadline(calendar);
        return failures.Count > before ? null : calendar;
    }

    public static bool IsCode(string code) =>
        code.Length is >= 2 and <= 12
        && char.IsAsciiLetterUpper(code[0])
        && code.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c));

    private MarketRules? Rules()
    {
        var wanted = options.Like ?? code;
        var rules = MarketRules.Shipped.FirstOrDefault(market => market.Code == wanted);
        if (rules is null && options.Like is not null)
            Fail(
                nameof(options.Like),
                $"must be one of {string.Join(", ", MarketRules.Shipped.Select(market => market.Code))}",
                options.Like
            );
        return rules;
    }

    private TimeZoneInfo? Zone(MarketRules? like)
    {
        var id = options.TimeZone ?? like?.TimeZone;
        if (id is not null && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone))
            return zone;
        Fail(nameof(options.TimeZone), "must be an IANA time zone that this machine knows, such as America/New_York", id ?? "");
        return null;
    }

    private Func<DateOnly, TradingHours>? Hours(MarketRules? like)
    {
        List<(DateOnly From, TradingHours Hours)> own = [];
        for (var i = 0; i < options.Hours.Length; i++)
        {
            var words = Words(options.Hours[i], 2);
            var from = words.Length == 2 ? DayPattern.Parse(words[0])?.Date : DateOnly.MinValue;
            var times = words.Length == 0 ? [] : words[^1].Split('-');
            if (from is { } date && times.Length == 2 && Time(times[0]) is { } opens && Time(times[1]) is { } closes && opens < closes)
                own.Add((date, new(opens, closes)));
            else
                Fail(
                    $"{nameof(options.Hours)}:{i}",
                    "must be HH:mm-HH:mm, the open before the close, or yyyy-MM-dd HH:mm-HH:mm from a day on",
                    options.Hours[i]
                );
        }
        own.Sort((a, b) => b.From.CompareTo(a.From));
        if (like is null && options.Hours.Length == 0)
            Fail(nameof(options.Hours), "must be given for a market that does not ship, as HH:mm-HH:mm", "");
        if (own.Count == 0)
            return like?.Hours;
        return date =>
        {
            foreach (var (from, hours) in own)
            {
                if (date >= from)
                    return hours;
            }
            return like?.Hours(date) ?? own[^1].Hours;
        };
    }

    private IReadOnlySet<DayOfWeek> Weekend()
    {
        if (options.Weekend.Length == 0)
            return DefaultWeekend;
        HashSet<DayOfWeek> weekend = [];
        for (var i = 0; i < options.Weekend.Length; i++)
        {
            if (Enum.GetNames<DayOfWeek>().Contains(options.Weekend[i], StringComparer.OrdinalIgnoreCase))
                weekend.Add(Enum.Parse<DayOfWeek>(options.Weekend[i], ignoreCase: true));
            else
                Fail($"{nameof(options.Weekend)}:{i}", "must be a day of the week, such as Friday", options.Weekend[i]);
        }
        if (weekend.Count == 7)
            Fail(nameof(options.Weekend), "must leave a day for trading", string.Join(", ", options.Weekend));
        return weekend;
    }

    /// <summary>Shipped days first, then configured ones, which take precedence because they come later.</summary>
    private static Func<int, IEnumerable<SpecialDay>> Days(MarketRules? like, IReadOnlyList<SpecialDayEntry> own) =>
        year => (like?.Days(year) ?? []).Concat(own.Select(entry => entry.In(year)).OfType<SpecialDay>());

    /// <summary>In order of precedence: late opens and early closes come last, so that they can set the hours of a trading day.</summary>
    private List<SpecialDayEntry> OwnDays() =>
        [
            .. Entries(nameof(options.Holidays), options.Holidays, false, "holiday", (date, _, reason) => SpecialDay.Closed(date, reason)),
            .. Entries(nameof(options.TradingDays), options.TradingDays, false, "trading day", (date, _, reason) =>
                SpecialDay.TradingDay(date, reason)
            ),
            .. Entries(nameof(options.LateOpens), options.LateOpens, true, "late open", SpecialDay.OpensAt),
            .. Entries(nameof(options.EarlyCloses), options.EarlyCloses, true, "early close", SpecialDay.ClosesAt),
        ];

    private List<SpecialDayEntry> Entries(
        string key,
        string[] entries,
        bool timed,
        string defaultReason,
        Func<DateOnly, TimeOnly, string, SpecialDay> make
    )
    {
        List<SpecialDayEntry> days = [];
        for (var i = 0; i < entries.Length; i++)
        {
            var words = Words(entries[i], timed ? 3 : 2);
            var day = words.Length > 0 ? DayPattern.Parse(words[0]) : null;
            var time = timed
                ? words.Length > 1
                    ? Time(words[1])
                    : null
                : default(TimeOnly);
            if (day is { } known && time is { } at)
            {
                var reason = words.Length > (timed ? 2 : 1) ? words[^1] : defaultReason;
                days.Add(new($"{key}:{i}", entries[i], known, timed, date => make(date, at, reason)));
            }
            else
                Fail(
                    $"{key}:{i}",
                    timed
                        ? $"must be a day ({DayPattern.Forms}), a time as HH:mm, and a reason"
                        : $"must be a day ({DayPattern.Forms}) and a reason",
                    entries[i]
                );
        }
        return days;
    }

    private CronSchedule? Cron()
    {
        if (options.Cron is null)
            return null;
        if (options.Lead is not null)
            Fail(nameof(options.Cron), "must not be given together with Lead", options.Cron);
        try
        {
            return CronSchedule.Parse(options.Cron);
        }
        catch (FormatException exception)
        {
            // The exception's message already contains the value.
            failures.Add($"{MarketOptions.Section}:{code}:{nameof(options.Cron)}: {exception.Message}");
            return null;
        }
    }

    private DeadlineRule Deadline()
    {
        var lead = options.DeadlineLead ?? MarketOptions.DefaultDeadlineLead;
        if (lead < MarketOptions.LeastLead || lead > MarketOptions.MostLead)
            Fail(
                nameof(options.DeadlineLead),
                $"must be between {MarketOptions.LeastLead:c} and {MarketOptions.MostLead:c}",
                lead.ToString("c", CultureInfo.InvariantCulture)
            );
        if (options.Deadline is null)
            return new(null, lead);
        if (options.DeadlineLead is not null)
            Fail(nameof(options.Deadline), "must not be given together with DeadlineLead", options.Deadline);
        var time = Time(options.Deadline);
        if (time is null)
            Fail(nameof(options.Deadline), "must be a local time as HH:mm", options.Deadline);
        return new(time, lead);
    }

    private void CheckDeadline(MarketCalendar calendar)
    {
        if (calendar.FindUnfitDeadline() is not var (day, wanted))
            return;
        var trigger = options.Cron is null ? nameof(options.Lead) : nameof(options.Cron);
        var (key, value) = options.Deadline is { } time
            ? (nameof(options.Deadline), time)
            : (nameof(options.DeadlineLead), options.DeadlineLead!.Value.ToString("c", CultureInfo.InvariantCulture));
        Fail(
            key,
            $"must lie between the trigger, which {MarketOptions.Section}:{code}:{trigger} sets to {Local(day.DueUtc!.Value)}, and the open at {Local(day.OpenUtc!.Value)}; it gives {Local(wanted)}",
            value
        );

        string Local(DateTimeOffset moment) =>
            TimeZoneInfo.ConvertTime(moment, calendar.Zone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
    }

    private static string[] Words(string? text, int most) =>
        (text ?? "").Split(' ', most, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static TimeOnly? Time(string text) =>
        TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;

    private void Fail(string key, string bound, string value) =>
        failures.Add($"{MarketOptions.Section}:{code}{(key.Length > 0 ? ":" : "")}{key} {bound}, and is '{value}'.");
}
