namespace Overnight.Core.Caching;

/// <summary>
/// Every key the product writes is built here, but those of reference data, which their declaration builds. Parts that come from
/// outside are percent-encoded, so that no value can
/// forge another key. Source: SPEC B1, B2, E1, F1, G2.
/// </summary>
public static class CacheKeys
{
    /// <summary>How long recommendations and portfolios stay: 86,400 s (SPEC B1, B2).</summary>
    public static readonly TimeSpan ResultTtl = TimeSpan.FromSeconds(86_400);

    /// <summary>How long a session stays, never past its own expiry (SPEC E1).</summary>
    public static readonly TimeSpan SessionTtl = TimeSpan.FromMinutes(5);

    /// <summary>How long a feature flag stays: 300 s (SPEC F1).</summary>
    public static readonly TimeSpan FlagTtl = TimeSpan.FromSeconds(300);

    /// <summary>Tells a cache server from itself after it lost everything.</summary>
    public const string Marker = "overnight:marker";

    /// <summary>Written to learn whether a server that refused writes takes them again.</summary>
    public const string WriteProbe = "overnight:write-probe";

    public static string Recommendations(Guid userId) => $"recs:{userId:D}";

    public static string Portfolio(Guid userId) => $"portfolio:{userId:D}";

    /// <param name="tokenHash">Lowercase hex SHA-256 of the token, 64 characters.</param>
    public static string Session(string tokenHash) => $"session:{tokenHash}";

    /// <summary>A count of tries to sign in, for as long as <c>Sessions:AttemptWindow</c>.</summary>
    /// <param name="by">What is counted: a word of the code.</param>
    /// <param name="hash">Of whose tries they are, so that nobody reads an e-mail address there.</param>
    public static string SignInTries(string by, string hash) => $"sign-in:{by}:{hash}";

    /// <param name="environment">From configuration, never from a client.</param>
    public static string Flag(string environment, string key) =>
        $"feature_flags:{Uri.EscapeDataString(environment)}:{Uri.EscapeDataString(key)}";
}
