namespace Overnight.Core.Caching;

/// <summary>
/// Builds every cache key of the product except those of reference data, which are built from their declarations. Parts that come from
/// outside are percent-encoded, so that no value can forge another key.
/// </summary>
public static class CacheKeys
{
    /// <summary>TTL of recommendations and portfolios: 86,400 s, one day.</summary>
    public static readonly TimeSpan ResultTtl = TimeSpan.FromSeconds(86_400);

    /// <summary>TTL of a session, which never lasts past the session's own expiry.</summary>
    public static readonly TimeSpan SessionTtl = TimeSpan.FromMinutes(5);

    /// <summary>TTL of a feature flag: 300 s.</summary>
    public static readonly TimeSpan FlagTtl = TimeSpan.FromSeconds(300);

    /// <summary>Key whose absence shows that a cache server lost its data.</summary>
    public const string Marker = "overnight:marker";

    /// <summary>Key written to find out whether a server that refused writes accepts them again.</summary>
    public const string WriteProbe = "overnight:write-probe";

    public static string Recommendations(Guid userId) => $"recs:{userId:D}";

    public static string Portfolio(Guid userId) => $"portfolio:{userId:D}";

    /// <param name="tokenHash">Lowercase hex SHA-256 of the token, 64 characters.</param>
    public static string Session(string tokenHash) => $"session:{tokenHash}";

    /// <summary>A count of sign-in attempts, which expires after <c>Sessions:AttemptWindow</c>.</summary>
    /// <param name="by">What the attempts are counted by, such as <c>network</c>; never from a client.</param>
    /// <param name="hash">Hash of the network or e-mail address, because the cache holds no e-mail address in plain text.</param>
    public static string SignInTries(string by, string hash) => $"sign-in:{by}:{hash}";

    /// <param name="environment">From configuration, never from a client.</param>
    /// <param name="key">The flag's key.</param>
    public static string Flag(string environment, string key) =>
        $"feature_flags:{Uri.EscapeDataString(environment)}:{Uri.EscapeDataString(key)}";
}
