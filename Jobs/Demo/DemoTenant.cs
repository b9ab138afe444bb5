namespace Overnight.Jobs.Demo;

/// <summary>A demo tenant, whose data is all made from its number.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Now">Time that periods, journals and readings lie around.</param>
internal sealed record DemoTenant(int Number, long Seed, DateTimeOffset Now)
{
    public Guid Id { get; } = DemoIds.Tenant(Seed, Number);

    public string Name { get; } = NameOf(Number);

    public DateOnly Today { get; } = DateOnly.FromDateTime(Now.UtcDateTime);

    /// <summary>A stream of random numbers of its own for each table.</summary>
    public DemoRandom Random(DemoTable table) => DemoRandom.For(Seed, (ulong)table + 0x54454E41, Number);

    public static string NameOf(int number) => $"Demo tenant {number:D4}";
}

/// <summary>Tables that draw random numbers.</summary>
internal enum DemoTable
{
    Journal,
    Vendors,
    Customers,
    CreditLimits,
    Materials,
    Kits,
    PricingRules,
    WorkCenters,
    Bins,
    Equipment,
    Readings,
    Stock,
    Opportunities,
}

/// <summary>Rows of demo tenants on their way into a table, in the order of the columns that the target names.</summary>
internal sealed record DemoRows(string Target, Func<DemoTenant, IEnumerable<object?[]>> Of);
