namespace Overnight.Core.Warming;

/// <summary>Which sets are kept warm, and how.</summary>
public sealed class WarmingOptions : IValidatedOptions
{
    public const string Section = "Warming";

    /// <summary>Whether the service warms by itself; a warm by hand ignores this.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How often the service checks which sets are due, and so after what time an empty cache server is noticed.</summary>
    [Between("00:00:00.100", "01:00:00")]
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long after a warm broke it is resumed.</summary>
    [Between("00:00:00", "01:00:00")]
    public TimeSpan RetryInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a deployment waits for its warm; the service warms what is left.</summary>
    [Between("00:00:01", "01:00:00")]
    public TimeSpan DeploymentLimit { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Largest number of commands that are sent before their answers are read.</summary>
    [Between(16, 65_536)]
    public int MostInFlight { get; set; } = 1_024;

    public RecommendationWarmOptions Recommendations { get; set; } = new();

    public SessionWarmOptions Sessions { get; set; } = new();

    public FlagWarmOptions Flags { get; set; } = new();

    public ReferenceWarmOptions Reference { get; set; } = new();

    /// <summary>Warm sets of the configuration, by name.</summary>
    public Dictionary<string, QueryWarmOptions> Sets { get; set; } = new(StringComparer.Ordinal);

    void IValidatedOptions.Check(OptionRules rules, string path)
    {
        rules.Require(
            "Flags:Order",
            Enum.IsDefined(Flags.Order),
            $"{nameof(FlagOrder.Count)} or {nameof(FlagOrder.LastAccess)}",
            $"{Flags.Order}"
        );
        foreach (var (set, own) in Sets)
            rules.Add(ConfiguredWarmSets.Failures(set, own));
    }
}

public sealed class RecommendationWarmOptions
{
    /// <summary>Shorter than the entries' TTL of 24 hours, so that a delayed warm still renews them in time.</summary>
    [Between("00:01:00", "23:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(20);

    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromHours(1);
}

/// <summary>How the most recently active sessions are warmed.</summary>
public sealed class SessionWarmOptions
{
    [Between(1, 1_000_000)]
    public int Count { get; set; } = 1_000;

    [Between(1, 10_000)]
    public int BatchSize { get; set; } = 100;

    /// <summary>How long ago a warmed session may have been active last.</summary>
    [Between("00:01:00", "90.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromHours(24);

    [Between("00:00:01", "01:00:00")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Zero (only at starts), because sessions in use are cached when they are read.</summary>
    [Between("00:00:00", "7.00:00:00")]
    public TimeSpan Interval { get; set; }
}

/// <summary>
/// How reference data of tenants is warmed, by phase. The interval is half of the phase's shortest TTL; zero is never.
/// </summary>
public sealed class ReferenceWarmOptions
{
    [Between("00:00:00", "1.00:00:00")]
    public TimeSpan EssentialInterval { get; set; } = TimeSpan.FromMinutes(30);

    [Between("00:00:00", "1.00:00:00")]
    public TimeSpan MasterInterval { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Whether the third phase is warmed automatically; otherwise its entries are cached when they are read, or by hand.</summary>
    public bool Computed { get; set; } = true;

    [Between("00:00:00", "1.00:00:00")]
    public TimeSpan ComputedInterval { get; set; } = TimeSpan.FromSeconds(150);

    /// <summary>How long the phase may take for all tenants together; it stops then, and says what it left.</summary>
    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan EssentialTimeLimit { get; set; } = TimeSpan.FromSeconds(30);

    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan MasterTimeLimit { get; set; } = TimeSpan.FromSeconds(30);

    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan ComputedTimeLimit { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>One limit for each of the phases in place of the three; zero for those.</summary>
    [Between("00:00:00", "1.00:00:00")]
    public TimeSpan TimeLimit { get; set; }
}

/// <summary>The order in which flags count as most used.</summary>
public enum FlagOrder
{
    /// <summary>Flags with the most reads first.</summary>
    Count,

    /// <summary>Flags with the latest read first.</summary>
    LastAccess,
}

/// <summary>How the most used flags are warmed; each environment can be configured differently.</summary>
public sealed class FlagWarmOptions
{
    /// <summary>Whether the service and deployments warm flags.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Number of flags, the most used ones; all enabled flags are warmed while none was ever read.</summary>
    [Between(1, 100_000)]
    public int Count { get; set; } = 20;

    public FlagOrder Order { get; set; } = FlagOrder.Count;

    [Between("00:00:00", "7.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(1);

    [Between("00:00:01", "01:00:00")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(1);
}
