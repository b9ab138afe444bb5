namespace Overnight.Core.Reference;

/// <summary>How fast a kind of data ages, which decides its TTL. Source: SPEC G3.</summary>
public enum ReferenceKind
{
    /// <summary>Changes while people work: 5 minutes.</summary>
    Operational,

    /// <summary>Figures on a page: 1 hour.</summary>
    Dashboard,

    /// <summary>Who may do what: 15 minutes.</summary>
    Authorisation,

    /// <summary>Master data: 12 hours.</summary>
    Reference,

    /// <summary>Hardly ever changes: 24 hours.</summary>
    Static,
}

public static class ReferenceKinds
{
    /// <summary>How long an entry of the kind stays in the cache, exactly.</summary>
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
