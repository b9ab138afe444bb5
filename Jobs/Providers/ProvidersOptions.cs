using Overnight.Core;

namespace Overnight.Jobs.Providers;

/// <summary>
/// Where exchange rates and prices come from. By default from the imported tables, without any call over the network.
/// </summary>
internal sealed class ProvidersOptions : IValidatedOptions
{
    public const string Section = "Providers";

    public FeedOptions Rates { get; set; } = new() { MaxMove = 0.25m };
    public FeedOptions Prices { get; set; } = new() { MaxMove = 0.5m };

    public EndpointOptions Ecb { get; set; } =
        new() { BaseUrl = "https://www.ecb.europa.eu", Path = "stats/eurofxref/eurofxref-daily.xml" };
    public EndpointOptions Frankfurter { get; set; } = new() { BaseUrl = "https://api.frankfurter.dev", Path = "v1/latest" };
    public StooqOptions Stooq { get; set; } = new() { BaseUrl = "https://stooq.com", Path = "q/l/" };

    void IValidatedOptions.Check(OptionRules rules, string path) => ProviderRules.Check(this, rules);

    /// <summary>
    /// Whether stored values of providers that the order does not name are used all the same: in a rehearsal, which asks none.
    /// </summary>
    internal bool UsesAllStored { get; set; }

    /// <summary>Providers that are switched off: the order does not name them, and what they delivered once is not used.</summary>
    public string[] Off(FeedOptions feed) =>
        UsesAllStored
            ? []
            : [.. Endpoints().Select(endpoint => endpoint.Name.ToLowerInvariant()).Except(feed.Names(), StringComparer.Ordinal)];

    /// <summary>The section of each provider that is asked over the network.</summary>
    public IEnumerable<(string Name, EndpointOptions Options)> Endpoints() =>
        [(nameof(Ecb), Ecb), (nameof(Frankfurter), Frankfurter), (nameof(Stooq), Stooq)];

    public TimeSpan BudgetOf(string provider) =>
        Endpoints().First(e => e.Name.Equals(provider, StringComparison.OrdinalIgnoreCase)).Options.Budget;

    /// <summary>The longest time that fetching takes, when every provider uses its whole budget.</summary>
    public TimeSpan Longest() => Endpoints().Aggregate(TimeSpan.Zero, (sum, endpoint) => sum + endpoint.Options.Budget);
}

/// <summary>Which providers are asked, in which order, and which of their values are accepted.</summary>
internal sealed class FeedOptions
{
    /// <summary>
    /// Names with commas between them; the next is asked for what those before did not deliver, and the last stored values come after
    /// all.
    /// </summary>
    public string Order { get; set; } = ProviderNames.Imported;

    /// <summary>
    /// A value may be this share more than the last stored one, or the last one this share more than it: with 0.25, up to x 1.25 or / 1.25.
    /// For values a day apart; over n days it is this times the square root of n.
    /// </summary>
    [Between("0.001", "100")]
    public decimal MaxMove { get; set; }

    /// <summary>A value older than this is refused; a week spans the longest closure of markets.</summary>
    [Between("1.00:00:00", "366.00:00:00")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How long after a publication, by the calendar of the one who publishes, its values must be there: rates of the European Central Bank
    /// on days of TARGET, prices at the close of their market. An older value is refused.
    /// </summary>
    [Between("00:00:00", "31.00:00:00")]
    public TimeSpan PublishedWithin { get; set; } = TimeSpan.FromHours(1);

    /// <summary>When a larger share of an answer's values is refused, the whole answer is.</summary>
    [Between("0", "1")]
    public decimal MaxRefusedShare { get; set; } = 0.25m;

    public string[] Names() => (Order ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>How a provider is asked over the network.</summary>
internal class EndpointOptions
{
    /// <summary>Scheme and host; http or https, without user, password or query.</summary>
    public string BaseUrl { get; set; } = "";

    /// <summary>Path of the resource, below <see cref="BaseUrl"/>.</summary>
    public string Path { get; set; } = "";

    /// <summary>Timeout of one request, body included.</summary>
    [Between("00:00:00.010", "1.00:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Largest number of requests for one answer, the first one included.</summary>
    [Between(1, 10)]
    public int Attempts { get; set; } = 4;

    /// <summary>Wait before the second request; doubled for each further one, with jitter.</summary>
    [Between("00:00:00.001", "1.00:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait. A server that asks for a longer one (Retry-After) is not asked again.</summary>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Time for all requests and waits of one run.</summary>
    public TimeSpan Budget { get; set; } = TimeSpan.FromMinutes(1);

    [Between(1, 100_000)]
    public int RequestsPerMinute { get; set; } = 60;

    /// <summary>Requests on a day, UTC, of all replicas together, repeated ones included; 0 for any number.</summary>
    [Between(0, 1_000_000)]
    public int RequestsPerDay { get; set; }

    /// <summary>Requests within <see cref="BreakWindow"/>, half of them failed, after which the circuit opens.</summary>
    [Between(2, 1_000)]
    public int BreakAfter { get; set; } = 6;

    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan BreakWindow { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the circuit stays open, so that the provider is not asked.</summary>
    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Limit of an answer, unpacked; a longer one is refused.</summary>
    [Between(1_024, 256 * 1024 * 1024)]
    public int MaxBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>From the environment or a secret store; <see cref="KeyFile"/> names a file that holds it instead.</summary>
    public string? Key { get; set; }

    public string? KeyFile { get; set; }

    /// <summary>The request header that takes the key.</summary>
    public string KeyHeader { get; set; } = "X-Api-Key";

    /// <summary>The query parameter that takes the key, for providers that read no header.</summary>
    public string? KeyParameter { get; set; }

    public bool HasKey => !string.IsNullOrEmpty(Key) || !string.IsNullOrEmpty(KeyFile);
}

internal sealed class StooqOptions : EndpointOptions
{
    /// <summary>Symbols asked for in one request, since an address has a limited length; more take several requests.</summary>
    [Between(1, 1_000)]
    public int SymbolsPerRequest { get; set; } = 500;

    /// <summary>
    /// What follows a symbol, by market; assets of other markets are not asked for. Prices must be in the assets' own currency, or in its
    /// hundredth where <see cref="Units"/> names that.
    /// </summary>
    public Dictionary<string, string> Suffixes { get; set; } = new() { ["NYSE"] = ".us" };

    /// <summary>
    /// The minor unit in which the provider quotes, by market; prices are stored in the currency of which it is a hundredth.
    /// </summary>
    public Dictionary<string, string> Units { get; set; } = [];

    /// <summary>IANA name of the time zone of dates and times in the answer.</summary>
    public string TimeZone { get; set; } = "Europe/Warsaw";
}

/// <summary>Names of providers in <see cref="FeedOptions.Order"/>, reports, metrics and the tables' source column.</summary>
internal static class ProviderNames
{
    public const string Ecb = "ecb";
    public const string Frankfurter = "frankfurter";
    public const string Stooq = "stooq";

    /// <summary>The stored values, where the configuration names them as a provider.</summary>
    public const string Imported = "imported";

    /// <summary>The stored values, where they replace values that providers did not deliver.</summary>
    public const string Stored = "stored";

    public static IReadOnlyList<string> Rates { get; } = [Ecb, Frankfurter, Imported];
    public static IReadOnlyList<string> Prices { get; } = [Stooq, Imported];
}
