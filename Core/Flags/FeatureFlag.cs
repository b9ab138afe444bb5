using System.Text.RegularExpressions;

namespace Overnight.Core.Flags;

/// <summary>A feature flag of this environment as stored in PostgreSQL.</summary>
/// <param name="Value">JSON; null for none.</param>
/// <param name="Version">Raised by each change.</param>
/// <param name="UpdatedBy">The user who changed it last; null for the admin key, a seed, or SQL.</param>
/// <param name="LastAccessedAt">Null while the flag was never read; late by the interval in which accesses are flushed.</param>
/// <param name="AccessCount">Number of reads, equally late.</param>
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

    /// <summary>The rule for keys, for error messages.</summary>
    public const string KeyRule = "must be 1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit";

    public static bool IsKey(string? key) => key is not null && KeyForm().IsMatch(key);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex KeyForm();
}

/// <summary>A change of a flag; a field that is null stays as it is.</summary>
/// <param name="Value">JSON, as text; JSON's own null for none.</param>
public sealed record FlagChange(bool? Enabled, string? Value, string? Description)
{
    /// <summary>The flag after the change, with version, time and author still those of before.</summary>
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
/// <param name="ChangedBy">The user; null for the admin key.</param>
/// <param name="Before">JSON of enabled, value and description before the change.</param>
/// <param name="After">JSON of enabled, value and description after the change.</param>
public sealed record FlagChangeRecord(long Version, DateTimeOffset ChangedAt, Guid? ChangedBy, string Before, string After);
