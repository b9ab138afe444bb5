using Microsoft.Extensions.Options;

namespace Overnight.Core;

/// <summary>What is wrong with a section of the configuration: every failure, naming the key, the bound and the value.</summary>
internal sealed class OptionRules(string section)
{
    private readonly List<string> _failures = [];

    /// <param name="key">Below the section.</param>
    public void Between(string key, IComparable value, IComparable least, IComparable most) =>
        Require(key, value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0, $"between {least} and {most}", $"{value}");

    /// <param name="key">Below the section.</param>
    /// <param name="must">What it must be.</param>
    public void Require(string key, bool holds, string must, string? value)
    {
        if (!holds)
            _failures.Add($"{section}:{key} must be {must}, and is {(string.IsNullOrEmpty(value) ? "empty" : value)}.");
    }

    /// <summary>For a value that may be, or hold, a secret: it is not told.</summary>
    /// <param name="key">Below the section.</param>
    /// <param name="must">What it must be.</param>
    public void RequireUntold(string key, bool holds, string must)
    {
        if (!holds)
            _failures.Add($"{section}:{key} must be {must}.");
    }

    /// <summary>Whole messages of rules that stand elsewhere.</summary>
    public void Add(IEnumerable<string> failures) => _failures.AddRange(failures);

    public ValidateOptionsResult Result() => _failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_failures);
}
