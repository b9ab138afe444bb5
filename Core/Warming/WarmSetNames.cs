namespace Overnight.Core.Warming;

/// <summary>Names of the sets that are ours.</summary>
public static class WarmSetNames
{
    public const string Recommendations = "recommendations",
        Sessions = "sessions",
        Flags = "flags";

    /// <summary>Before the name of a phase.</summary>
    public const string ReferencePrefix = "reference-";

    public static bool IsOurs(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name is Recommendations or Sessions or Flags || name.StartsWith(ReferencePrefix, StringComparison.Ordinal);
    }
}
