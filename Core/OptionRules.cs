using Microsoft.Extensions.Options;

namespace Overnight.Core;

/// <summary>Collects the errors of a configuration section; each names key, bound and value.</summary>
internal sealed class OptionRules(string section)
{
    private readonly List<string> _failures = [];

    /// <param name="key">Key below the section.</param>
    public void Between(string key, IComparable value, IComparable least, IComparable most) =>
        Require(key, value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0, $"between {least} and {most}", $"{value}");

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
}
