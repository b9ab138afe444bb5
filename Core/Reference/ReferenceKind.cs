namespace Overnight.Core.Reference;

/// <summary>How fast a kind of data ages, which sets its TTL.</summary>
public enum ReferenceKind
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
    public static TimeSpan Ttl(this ReferenceKind kind) =>
        kind switch
        {
            ReferenceKind.Operational => TimeSpan.FromMinutes(5),
            ReferenceKind.Dashboard => TimeSpan.FromHours(1),
            ReferenceKind.Authorisation => TimeSpan.FromMinutes(15),
            ReferenceKind.Reference => TimeSpan.FromHours(12),
            ReferenceKind.Static => TimeSpan.FromHours(24),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no TTL for this kind."),
        };
}
