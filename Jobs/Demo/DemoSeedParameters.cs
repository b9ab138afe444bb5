namespace Overnight.Jobs.Demo;

/// <summary>How many demo users, and what they look like. The same options over the same assets give the same users.</summary>
internal sealed record DemoSeedParameters
{
    public const int MaxUsers = 10_000_000,
        MaxHoldings = 500,
        MaxCriteria = 64;

    /// <summary>Users with a portfolio; the first of them is the demo user. An admin without a portfolio comes on top.</summary>
    public int Users { get; init; } = 1_000;

    public long Seed { get; init; } = 1;

    /// <summary>Holdings of every user, as far as there are assets; null for 10 to 50.</summary>
    public int? Holdings { get; init; }

    /// <summary>Criteria of every user; null for 5 to 15.</summary>
    public int? Criteria { get; init; }
}

/// <summary>How many users are copied so far.</summary>
/// <param name="Step"><c>copying</c> or <c>checking</c>.</param>
internal readonly record struct DemoProgress(string Step, int Users, int Total);

/// <summary>What seeding did.</summary>
/// <param name="UsersAdded">Users with a portfolio that were not there before.</param>
/// <param name="SyntheticMarket">There were no assets, so a market was made up.</param>
internal sealed record DemoSummary(
    int Users,
    int UsersAdded,
    long HoldingsAdded,
    long CriteriaAdded,
    int Assets,
    bool SyntheticMarket,
    TimeSpan Elapsed
);
