using System.Text.RegularExpressions;

namespace Overnight.Core.Flags;

/// <summary>Which flags this node serves, and how it caches them.</summary>
public sealed partial class FlagOptions : IValidatedOptions
{
    public const string Section = "Flags";

    /// <summary>The environment whose flags are served; the host's in lowercase unless configured. Never from a client.</summary>
    public string Environment { get; set; } = "";

    /// <summary>
    /// How long a flag stays in a node's memory, which bounds its staleness should a message of the channel be lost. Zero keeps none.
    /// </summary>
    [Between("00:00:00", "00:05:00")]
    public TimeSpan MemoryTtl { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the accesses counted in memory are added to the table.</summary>
    [Between("00:00:00.100", "01:00:00")]
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Where a node keeps its copy of the last known flags; empty for none. Unless configured, a folder of the user's local data, where
    /// there is one.
    /// </summary>
    public string CopyDirectory { get; set; } =
        System.Environment.GetFolderPath(System.Environment.SpecialFolder.LocalApplicationData) is { Length: > 0 } data
            ? Path.Combine(data, "overnight")
            : "";

    void IValidatedOptions.Check(OptionRules rules, string path) =>
        rules.Require(
            nameof(Environment),
            EnvironmentForm().IsMatch(Environment),
            "1 to 40 lowercase letters, digits, hyphens and underscores",
            $"'{Environment}'"
        );

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9_-]{0,39}\z")]
    private static partial Regex EnvironmentForm();
}
