namespace Overnight.Core.Reference;

/// <summary>How fast a kind of data ages, which sets its TTL.</summary>
public enum ReferenceVolatility
{
    /// <summary>Data that changes while people work with it: 5 minutes.</summary>
    Operational,

    /// <summary>Figures shown on a page: 1 hour.</summary>
    Dashboard,

    /// <summary>Permissions: 15 minutes.</summary>
    Authorisation,

    /// <summary>Master data: 12 hours.</summary>
    Reference,

    /// <summary>Data that hardly ever changes: 24 hours.</summary>
    Static,
}

public static class ReferenceKinds
{
    /// <summary>TTL of an entry of the kind; it is applied without jitter.</summary>
    public static TimeSpan Ttl(this ReferenceVolatility kind) =>
        kind switch
        {
            ReferenceVolatility.Operational => TimeSpan.FromMinutes(5),
            ReferenceVolatility.Dashboard => TimeSpan.FromHours(1),
            ReferenceVolatility.Authorisation => TimeSpan.FromMinutes(15),
            ReferenceVolatility.Reference => TimeSpan.FromHours(12),
            ReferenceVolatility.Static => TimeSpan.FromHours(24),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no TTL for this kind."),
        };
}
