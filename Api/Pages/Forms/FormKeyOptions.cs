using Overnight.Core;

namespace Overnight.Api.Pages.Forms;

/// <summary>What encrypts the keys of forms in PostgreSQL. Every api of an installation needs the same.</summary>
internal sealed class FormKeyOptions : IValidatedOptions
{
    public const string Section = "Forms";

    public const int LeastLength = 32;

    /// <summary>
    /// Random texts of 32 characters or more. The first encrypts; a second is also tried, while it is replaced. Without any, the keys of
    /// forms are stored as they are.
    /// </summary>
    public IList<string> Keys { get; } = [];

    // Error messages leave the texts out, because they are secrets.
    void IValidatedOptions.Check(OptionRules rules, string path)
    {
        rules.Require(nameof(Keys), Keys.Count <= 2, "two keys at most", $"{Keys.Count} keys");
        foreach (var (at, key) in Keys.Index())
            rules.RequireUntold($"{nameof(Keys)}:{at}", key.Length >= LeastLength, $"a text of at least {LeastLength} characters");
    }

    /// <returns>Null where no key is configured.</returns>
    internal FormKeyCipher? Cipher() => Keys.Count == 0 ? null : new([.. Keys]);
}
