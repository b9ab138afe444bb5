using Microsoft.Extensions.Options;

namespace Overnight.Core;

/// <summary>Collects the errors of a configuration section; each names key, bound and value.</summary>
/// <param name="section">The section's name, the first part of every key.</param>
/// <param name="given">Returns the text configured at a key below the section; null when the options were not bound.</param>
internal sealed class OptionRules(string section, Func<string, string?>? given = null)
{
    private readonly List<string> _failures = [];

    public static string Bounds(IComparable least, IComparable most) => $"between {least} and {most}";

    /// <param name="key">Key below the section.</param>
    public void Between(string key, IComparable value, IComparable least, IComparable most)
    {
        var text = $"{value}";
        // A duration written as "5" is read as five days, so the message shows the text beside the value.
        var written = given?.Invoke(key) is { } other && other != text ? $" (written as '{other}')" : "";
        Require(key, value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0, Bounds(least, most), text + written);
    }

    /// <param name="key">Key below the section.</param>
    /// <param name="must">The bound, as it follows "must be".</param>
    public void Require(string key, bool holds, string must, string? value)
    {
        if (!holds)
            _failures.Add($"{section}:{key} must be {must}, and is {(string.IsNullOrEmpty(value) ? "empty" : value)}.");
    }

    /// <summary>The same for a value that may be, or contain, a secret: the message leaves the value out.</summary>
    /// <param name="key">Key below the section.</param>
    /// <param name="must">The bound, as it follows "must be".</param>
    public void RequireUntold(string key, bool holds, string must)
    {
        if (!holds)
            _failures.Add($"{section}:{key} must be {must}.");
    }

    /// <summary>Adds whole messages, of rules that are checked elsewhere.</summary>
    public void Add(IEnumerable<string> failures) => _failures.AddRange(failures);

    public ValidateOptionsResult Result() => _failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_failures);

    /// <exception cref="OptionsValidationException">At least one error was collected.</exception>
    public void ThrowIfAny()
    {
        if (_failures.Count > 0)
            throw Failed();
    }

    public OptionsValidationException Failed() => new(section, typeof(OptionRules), _failures);
}
