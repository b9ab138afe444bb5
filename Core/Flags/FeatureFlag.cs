using System.Text.RegularExpressions;

namespace Overnight.Core.Flags;

/// <summary>A feature flag of this environment, as PostgreSQL has it.</summary>
/// <param name="Value">JSON; null for none.</param>
/// <param name="Version">Raised by each change.</param>
/// <param name="UpdatedBy">Null for the admin key, a seed, or SQL.</param>
/// <param name="LastAccessedAt">Null while nobody has asked for it; late by the interval in which accesses are flushed.</param>
public sealed partial record FeatureFlag(
    string Key,
    bool Enabled,
    string? Value,
    string Description,
    long Version,
    DateTimeOffset UpdatedAt,
    Guid? UpdatedBy,
    DateTimeOffset? LastAccessedAt,
    long AccessCount
)
{
    public const int MostKeyLength = 64,
        MostDescriptionLength = 500;

    /// <summary>What a key may be, in words.</summary>
    public const string KeyRule = "must be 1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit";

    public static bool IsKey(string? key) => key is not null && KeyForm().IsMatch(key);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex KeyForm();
}

/// <summary>What is to be changed of a flag; what is null stays.</summary>
/// <param name="Value">JSON, as text; JSON's own null for none.</param>
public sealed record FlagChange(bool? Enabled, string? Value, string? Description)
{
    /// <summary>The flag as the change makes it, but for version, time and who.</summary>
    public FeatureFlag Apply(FeatureFlag flag)
    {
        ArgumentNullException.ThrowIfNull(flag);
        return flag with
        {
            Enabled = Enabled ?? flag.Enabled,
            Value =
                Value is null ? flag.Value
                : Value == "null" ? null
                : Value,
            Description = Description ?? flag.Description,
        };
    }
}

/// <summary>A change that was made: a row of <c>feature_flag_changes</c>.</summary>
/// <param name="ChangedBy">Null for the admin key.</param>
/// <param name="Before">JSON: enabled, value, description.</param>
/// <param name="After">Likewise.</param>
public sealed record FlagChangeRecord(long Version, DateTimeOffset ChangedAt, Guid? ChangedBy, string Before, string After);
