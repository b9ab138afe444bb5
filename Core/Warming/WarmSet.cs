using System.Globalization;
using Overnight.Core.Caching;

namespace Overnight.Core.Warming;

/// <summary>Phases are warmed in this order, the sets of one phase concurrently.</summary>
public enum WarmPhase
{
    Essential = 1,
    Master = 2,
    Computed = 3,
}

/// <summary>A warm set's declaration, in code for built-in sets and in configuration for others.</summary>
/// <param name="Name">Unique name of lowercase letters, digits and hyphens.</param>
/// <param name="Phase">The phase in which it is warmed.</param>
/// <param name="Key">Template of its keys, such as <c>finance:coa:{tenant_id}</c>; braces contain a column of the query.</param>
/// <param name="Ttl">TTL of its entries.</param>
public sealed record WarmDeclaration(string Name, WarmPhase Phase, string Key, TimeSpan Ttl)
{
    /// <summary>
    /// Whether every entry gets exactly <see cref="Ttl"/>; otherwise each gets up to 5 % less or more, so that they do not all expire at
    /// once.
    /// </summary>
    public bool IsTtlExact { get; init; }

    /// <summary>Largest number of entries that a warm writes; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>How often the schedule warms the set; zero for never.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>Whether each start of the service warms the set, not only one that finds an empty cache server.</summary>
    public bool IsWarmedAtStart { get; init; }

    /// <summary>Whether the service and deployments warm the set; a warm by hand ignores this.</summary>
    public bool IsAutomatic { get; init; } = true;

    /// <summary>How long a warm may take; entries that are left are cached when they are read.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long after it was due a scheduled warm is to be finished; its time limit unless given.</summary>
    public TimeSpan? FinishedWithin { get; init; }

    /// <summary>Whether its entries belong to tenants, so that those of one tenant can be warmed alone.</summary>
    public bool IsPerTenant { get; init; }

    /// <summary>What a pause of the set's schedule leads to, for people.</summary>
    public string PauseWarning =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Entries of {Name} are not renewed meanwhile, and expire {Ttl.TotalHours:0.##} h after they were written; then they are read from PostgreSQL."
        );

    /// <param name="chance">Random number from 0 to 1, which varies the TTL.</param>
    public TimeSpan EntryTtl(double chance) => IsTtlExact ? Ttl : Ttl * (0.95 + 0.1 * chance);
}

/// <summary>The part of a set that a warm asks for.</summary>
/// <param name="Limit">Largest number of entries; null for all.</param>
/// <param name="Tenant">The only tenant to warm; null for all.</param>
/// <param name="Reached">Where a broken warm stopped, in the set's own form; null to start at the beginning.</param>
/// <param name="Since">When the first try began.</param>
/// <param name="Keys">The only entries to warm, by the set's own keys; null for those the set selects.</param>
public sealed record WarmSetRequest(int? Limit, Guid? Tenant, string? Reached, DateTimeOffset Since, IReadOnlyList<string>? Keys = null);

/// <summary>A part of a set whose entries are in the cache.</summary>
/// <param name="Warmed">Number of entries written.</param>
/// <param name="Failed">Number of entries that could not be built or were refused; the others are written all the same.</param>
/// <param name="Reached">Position up to which everything is done; another warm can resume after it.</param>
public readonly record struct WarmStep(int Warmed, int Failed, string Reached);

/// <summary>A declared set, and the code that turns its rows into entries.</summary>
public abstract class WarmSet(WarmDeclaration declaration)
{
    public WarmDeclaration Declaration => declaration;

    public string Name => declaration.Name;

    /// <summary>Estimates how many entries a warm would write now.</summary>
    public abstract Task<long> EstimateAsync(WarmSetRequest request, CancellationToken ct);

    /// <summary>Reads rows and writes entries. Each step is returned once its entries are in the cache, in order.</summary>
    /// <exception cref="CacheAwayException">The cache can't be reached; the steps returned before stay valid.</exception>
    public abstract IAsyncEnumerable<WarmStep> WarmAsync(WarmSetRequest request, CancellationToken ct);
}
