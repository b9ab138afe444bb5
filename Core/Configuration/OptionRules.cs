using Microsoft.Extensions.Options;

namespace Overnight.Core;

/// <summary>What is wrong with a section of the configuration: every failure, naming the key, the bound and the value.</summary>
/// <param name="section">The first part of every key.</param>
/// <param name="given">What is written below the section at a key, where that is known; null where nothing is.</param>
internal sealed class OptionRules(string section, Func<string, string?>? given = null)
{
    private readonly List<string> _failures = [];

    public static string Bounds(IComparable least, IComparable most) => $"between {least} and {most}";

    /// <param name="key">Below the section.</param>
    public void Between(string key, IComparable value, IComparable least, IComparable most)
    {
        var text = $"{value}";
        // Of a duration "5" is five days: the value alone would not show what is to be corrected.
        var written = given?.Invoke(key) is { } other && other != text ? $" (written as '{other}')" : "";
        Require(key, value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0, Bounds(least, most), text + written);
    }

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

    /// <exception cref="OptionsValidationException">Something is wrong.</exception>
    public void ThrowIfAny()
    {
        if (_failures.Count > 0)
            throw Failed();
    }

    public OptionsValidationException Failed() => new(section, typeof(OptionRules), _failures);
}
