using Microsoft.Extensions.Options;
using Overnight.Core.Caching;

namespace Overnight.Core.Warming;

/// <summary>What is kept warm, and how.</summary>
public sealed class WarmingOptions
{
    public const string Section = "Warming";

    /// <summary>Whether the service warms by itself; a warm by hand is done anyway.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How often the service looks for what is due: a cold cache server is noticed this late.</summary>
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a warm that broke is left alone before it is resumed.</summary>
    public TimeSpan RetryInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest a deployment waits for its warm; the service goes on with the rest.</summary>
    public TimeSpan DeploymentLimit { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Commands on the wire at once, where the cache server is fast enough.</summary>
    public int MostInFlight { get; set; } = 1_024;

    public RecommendationWarmOptions Recommendations { get; set; } = new();

    public SessionWarmOptions Sessions { get; set; } = new();

    public FlagWarmOptions Flags { get; set; } = new();

    public ReferenceWarmOptions Reference { get; set; } = new();

    /// <summary>A user's own tables, by the name of their set.</summary>
    public Dictionary<string, QueryWarmOptions> Sets { get; set; } = new(StringComparer.Ordinal);
}

public sealed class RecommendationWarmOptions
{
    /// <summary>Before the TTL of 24 hours ends (SPEC B6), with time to be late in.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(20);

    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromHours(1);
}

/// <summary>Source: SPEC E2.</summary>
public sealed class SessionWarmOptions
{
    public int Count { get; set; } = 1_000;

    public int BatchSize { get; set; } = 100;

    /// <summary>How long ago a session may have been active last.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromHours(24);

    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Zero, for by then those in use are there.</summary>
    public TimeSpan Interval { get; set; }
}

/// <summary>Reference data of tenants, by phase. An interval is half of the shortest TTL in it, and zero for never. Source: SPEC G1, G3.</summary>
public sealed class ReferenceWarmOptions
{
    public TimeSpan EssentialInterval { get; set; } = TimeSpan.FromMinutes(30);

    public TimeSpan MasterInterval { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Whether the third phase is warmed by itself; else its entries wait for a reader, or for a warm by hand.</summary>
    public bool Computed { get; set; } = true;

    public TimeSpan ComputedInterval { get; set; } = TimeSpan.FromSeconds(150);

    /// <summary>Of each phase, for all tenants.</summary>
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
    public int Count { get; set; } = 20;

    public FlagOrder Order { get; set; } = FlagOrder.Count;

    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(1);

    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(1);
}

/// <summary>Collects every failure, naming the key, the bound and the value.</summary>
public sealed class WarmingOptionsValidator : IValidateOptions<WarmingOptions>
{
    public ValidateOptionsResult Validate(string? name, WarmingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        OptionRules rules = new(WarmingOptions.Section);
        rules.Between(nameof(options.CheckInterval), options.CheckInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        rules.Between(nameof(options.RetryInterval), options.RetryInterval, TimeSpan.Zero, TimeSpan.FromHours(1));
        rules.Between(nameof(options.DeploymentLimit), options.DeploymentLimit, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        rules.Between(nameof(options.MostInFlight), options.MostInFlight, 16, 65_536);
        rules.Between(
            "Recommendations:Interval",
            options.Recommendations.Interval,
            TimeSpan.FromMinutes(1),
            CacheKeys.ResultTtl - TimeSpan.FromHours(1)
        );
        rules.Between("Recommendations:TimeLimit", options.Recommendations.TimeLimit, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        rules.Between("Sessions:Count", options.Sessions.Count, 1, 1_000_000);
        rules.Between("Sessions:BatchSize", options.Sessions.BatchSize, 1, 10_000);
        rules.Between("Sessions:Window", options.Sessions.Window, TimeSpan.FromMinutes(1), TimeSpan.FromDays(90));
        rules.Between("Sessions:TimeLimit", options.Sessions.TimeLimit, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        rules.Between("Sessions:Interval", options.Sessions.Interval, TimeSpan.Zero, TimeSpan.FromDays(7));
        rules.Between("Reference:EssentialInterval", options.Reference.EssentialInterval, TimeSpan.Zero, TimeSpan.FromDays(1));
        rules.Between("Reference:MasterInterval", options.Reference.MasterInterval, TimeSpan.Zero, TimeSpan.FromDays(1));
        rules.Between("Reference:ComputedInterval", options.Reference.ComputedInterval, TimeSpan.Zero, TimeSpan.FromDays(1));
        rules.Between("Reference:TimeLimit", options.Reference.TimeLimit, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        rules.Between("Flags:Count", options.Flags.Count, 1, 100_000);
        rules.Between("Flags:Interval", options.Flags.Interval, TimeSpan.Zero, TimeSpan.FromDays(7));
        rules.Between("Flags:TimeLimit", options.Flags.TimeLimit, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        rules.Require(
            "Flags:Order",
            Enum.IsDefined(options.Flags.Order),
            $"{nameof(FlagOrder.Count)} or {nameof(FlagOrder.LastAccess)}",
            $"{options.Flags.Order}"
        );
        foreach (var (set, own) in options.Sets)
            rules.Add(ConfiguredSets.Failures(set, own));
        return rules.Result();
    }
}
