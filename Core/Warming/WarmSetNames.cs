namespace Overnight.Core.Warming;

/// <summary>Names of the built-in sets.</summary>
public static class WarmSetNames
{
    public const string Recommendations = "recommendations",
        Sessions = "sessions",
        Flags = "flags";

    /// <summary>Prefix of a set of reference data, before the name of its phase.</summary>
    public const string ReferencePrefix = "reference-";

    public static bool IsOurs(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name is Recommendations or Sessions or Flags || name.StartsWith(ReferencePrefix, StringComparison.Ordinal);
    }
}
