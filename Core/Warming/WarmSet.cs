using Overnight.Core.Caching;

namespace Overnight.Core.Warming;

/// <summary>Phases are warmed in this order; the sets of one phase side by side (SPEC G1).</summary>
public enum WarmPhase
{
    Essential = 1,
    Master = 2,
    Computed = 3,
}

/// <summary>What a warm set is: declared in code for ours, in configuration for a user's own.</summary>
/// <param name="Name">Unique; lowercase letters, digits and hyphens.</param>
/// <param name="Key">Template of its keys, such as <c>finance:coa:{tenant_id}</c>; braces name a column of the query.</param>
/// <param name="Ttl">Of an entry.</param>
public sealed record WarmDeclaration(string Name, WarmPhase Phase, string Key, TimeSpan Ttl)
{
    /// <summary>
    /// Whether every entry gets exactly <see cref="Ttl"/>, where the specification fixes it; otherwise 5 % less or more, so that they
    /// don't all expire at once.
    /// </summary>
    public bool IsTtlExact { get; init; }

    /// <summary>The most entries a warm writes; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>How often the schedule warms it; zero for never.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>Whether a start of the service warms it, beside a cold cache server, which warms everything.</summary>
    public bool IsWarmedAtStart { get; init; }

    /// <summary>Whether the service warms it by itself, and a deployment does; by hand it is warmed anyway.</summary>
    public bool IsAutomatic { get; init; } = true;

    /// <summary>The longest a warm may take; what is left then waits for a reader.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether its entries are of tenants, of which one can be warmed alone.</summary>
    public bool IsPerTenant { get; init; }

    /// <param name="chance">From 0 to 1.</param>
    public TimeSpan EntryTtl(double chance) => IsTtlExact ? Ttl : Ttl * (0.95 + 0.1 * chance);
}

/// <summary>What a warm asks of a set.</summary>
/// <param name="Limit">The most entries; null for all.</param>
/// <param name="Tenant">The only tenant to warm; null for all.</param>
/// <param name="Reached">Where a warm that broke stopped, in the set's own form; null to start at the beginning.</param>
/// <param name="Since">When the first try began.</param>
/// <param name="Keys">The only entries to warm, by what the set calls a key; null for those it chooses.</param>
public sealed record WarmSetRequest(int? Limit, Guid? Tenant, string? Reached, DateTimeOffset Since, IReadOnlyList<string>? Keys = null);

/// <summary>A part of a set that is in the cache now.</summary>
/// <param name="Warmed">Entries written.</param>
/// <param name="Failed">Entries that could not be made or were refused; they never stop another.</param>
/// <param name="Reached">Everything up to here is done; a warm may go on behind it.</param>
public readonly record struct WarmStep(int Warmed, int Failed, string Reached);

/// <summary>A declared set, and how its rows become entries.</summary>
public abstract class WarmSet(WarmDeclaration declaration)
{
    public WarmDeclaration Declaration => declaration;

    public string Name => declaration.Name;

    /// <summary>How many entries a warm would write now.</summary>
    public abstract Task<long> EstimateAsync(WarmSetRequest request, CancellationToken ct);

    /// <summary>Reads rows and writes entries; a step comes when it is in the cache, in order.</summary>
    /// <exception cref="CacheAwayException">The cache is away; what the steps so far say stays true.</exception>
    public abstract IAsyncEnumerable<WarmStep> WarmAsync(WarmSetRequest request, CancellationToken ct);
}
