namespace Overnight.Core.Market.Calendars;

/// <summary>
/// Configuration of a market, by code: for a market that ships, only what differs; for a new one, everything. Entries are lists of texts,
/// so that one line in a file or one environment variable is one day.
/// </summary>
public sealed class MarketOptions
{
    public const string Section = "Markets";

    public static readonly TimeSpan DefaultLead = TimeSpan.FromHours(2),
        DefaultDeadlineLead = TimeSpan.FromMinutes(30),
        LeastLead = TimeSpan.FromMinutes(1),
        MostLead = TimeSpan.FromHours(24);

    /// <summary>Code of a shipped market whose zone, hours and days this market starts from.</summary>
    public string? Like { get; set; }

    public string? Name { get; set; }

    /// <summary>IANA id, such as America/Santiago.</summary>
    public string? TimeZone { get; set; }

    /// <summary>Local times, <c>09:30-16:00</c>, or from a day on: <c>2027-01-04 09:00-16:00</c>.</summary>
    public string[] Hours { get; set; } = [];

    /// <summary>Days of the week without trading; Saturday and Sunday when left out.</summary>
    public string[] Weekend { get; set; } = [];

    /// <summary>
    /// Closed days: <c>2027-03-01 Reason</c>, every year <c>03-01 Reason</c>, or by Easter Sunday <c>easter-2 Reason</c>.
    /// </summary>
    public string[] Holidays { get; set; } = [];

    /// <summary>Days on which the market is open although a rule, or the weekend, closes it.</summary>
    public string[] TradingDays { get; set; } = [];

    /// <summary>Days with an early close and its local time, <c>2027-07-02 13:00 Reason</c>.</summary>
    public string[] EarlyCloses { get; set; } = [];

    /// <summary>Days with a late open and its local time, <c>2027-02-10 13:00 Reason</c>.</summary>
    public string[] LateOpens { get; set; } = [];

    /// <summary>How long before the open the night is due; <see cref="DefaultLead"/> when left out.</summary>
    public TimeSpan? Lead { get; set; }

    /// <summary>When the night is due, instead of <see cref="Lead"/>: a five-field cron expression in the market's local time.</summary>
    public string? Cron { get; set; }

    /// <summary>The local time by which the night is to be done, <c>07:30</c>: the last one before the open.</summary>
    public string? Deadline { get; set; }

    /// <summary>
    /// How long before the open the night is to be done, in elapsed time; <see cref="DefaultDeadlineLead"/> when left out.
    /// </summary>
    public TimeSpan? DeadlineLead { get; set; }
}

/// <summary>The configuration section as it is bound: options by market code.</summary>
public sealed class MarketsOptions : Dictionary<string, MarketOptions>;
