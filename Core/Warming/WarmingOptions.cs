namespace Overnight.Core.Warming;

/// <summary>What is kept warm, and how.</summary>
public sealed class WarmingOptions : IValidatedOptions
{
    public const string Section = "Warming";

    /// <summary>Whether the service warms by itself; a warm by hand is done anyway.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How often the service looks for what is due: a cold cache server is noticed this late.</summary>
    [Between("00:00:00.100", "01:00:00")]
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a warm that broke is left alone before it is resumed.</summary>
    [Between("00:00:00", "01:00:00")]
    public TimeSpan RetryInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest a deployment waits for its warm; the service goes on with the rest.</summary>
    [Between("00:00:01", "01:00:00")]
    public TimeSpan DeploymentLimit { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Commands on the wire at once, where the cache server is fast enough.</summary>
    [Between(16, 65_536)]
    public int MostInFlight { get; set; } = 1_024;

    public RecommendationWarmOptions Recommendations { get; set; } = new();

    public SessionWarmOptions Sessions { get; set; } = new();

    public FlagWarmOptions Flags { get; set; } = new();

    public ReferenceWarmOptions Reference { get; set; } = new();

    /// <summary>A user's own tables, by the name of their set.</summary>
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
    /// <summary>Before the TTL of 24 hours ends (SPEC B6), with time to be late in.</summary>
    [Between("00:01:00", "23:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(20);

    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromHours(1);
}

/// <summary>Source: SPEC E2.</summary>
public sealed class SessionWarmOptions
{
    [Between(1, 1_000_000)]
    public int Count { get; set; } = 1_000;

    [Between(1, 10_000)]
    public int BatchSize { get; set; } = 100;

    /// <summary>How long ago a session may have been active last.</summary>
    [Between("00:01:00", "90.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromHours(24);

    [Between("00:00:01", "01:00:00")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Zero, for by then those in use are there.</summary>
    [Between("00:00:00", "7.00:00:00")]
    public TimeSpan Interval { get; set; }
}

/// <summary>
/// Reference data of tenants, by phase. An interval is half of the shortest TTL in it, and zero for never. Source: SPEC G1, G3.
/// </summary>
public sealed class ReferenceWarmOptions
{
    [Between("00:00:00", "1.00:00:00")]
    public TimeSpan EssentialInterval { get; set; } = TimeSpan.FromMinutes(30);

    [Between("00:00:00", "1.00:00:00")]
    public TimeSpan MasterInterval { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Whether the third phase is warmed by itself; else its entries wait for a reader, or for a warm by hand.</summary>
    public bool Computed { get; set; } = true;

    [Between("00:00:00", "1.00:00:00")]
    public TimeSpan ComputedInterval { get; set; } = TimeSpan.FromSeconds(150);

    /// <summary>Of each phase, for all tenants.</summary>
    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(30);
}

/// <summary>What makes a flag one of the most used.</summary>
public enum FlagOrder
{
    /// <summary>How often it was read.</summary>
    Count,

    /// <summary>How lately it was read.</summary>
    LastAccess,
}

/// <summary>Source: SPEC F2-F4. Per environment by its configuration, as every key.</summary>
public sealed class FlagWarmOptions
{
    /// <summary>Whether flags are warmed by the service and by deployments.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>The most used flags; all enabled ones while none was ever read.</summary>
    [Between(1, 100_000)]
    public int Count { get; set; } = 20;

    public FlagOrder Order { get; set; } = FlagOrder.Count;

    [Between("00:00:00", "7.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(1);

    [Between("00:00:01", "01:00:00")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(1);
}
