using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Overnight.Core.Flags;

/// <summary>Which flags this node serves, and how (SPEC F1).</summary>
public sealed class FlagOptions
{
    public const string Section = "Flags";

    /// <summary>Whose flags; the host's environment in lowercase unless configured. Never from a client.</summary>
    public string Environment { get; set; } = "";

    /// <summary>How long a flag stays in a node's memory: the bound on staleness should a message of the channel be lost. Zero keeps none.</summary>
    public TimeSpan MemoryTtl { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the accesses counted in memory are added to the table.</summary>
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>Collects every failure, naming the key, the bound and the value.</summary>
public sealed partial class FlagOptionsValidator : IValidateOptions<FlagOptions>
{
    public ValidateOptionsResult Validate(string? name, FlagOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        OptionRules rules = new(FlagOptions.Section);
        rules.Require(
            nameof(options.Environment),
            EnvironmentForm().IsMatch(options.Environment),
            "1 to 40 lowercase letters, digits, hyphens and underscores",
            $"'{options.Environment}'"
        );
        rules.Between(nameof(options.MemoryTtl), options.MemoryTtl, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        rules.Between(nameof(options.FlushInterval), options.FlushInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        return rules.Result();
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9_-]{0,39}\z")]
    private static partial Regex EnvironmentForm();
}
