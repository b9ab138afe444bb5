using System.Security.Cryptography;
using System.Text;

namespace Overnight.Core.Sessions;

/// <summary>
/// A secret for programs and operators without a user, such as the buttons of the Aspire dashboard. Off unless configured.
/// </summary>
internal sealed class AdminKeyOptions : IValidatedOptions
{
    public const string Section = "Admin";
    public const int LeastLength = 32;

    /// <summary>The secret; empty switches this way of signing in off.</summary>
    public string Key { get; set; } = "";

    // RS0030: reading the key is banned everywhere else, because it must be compared in constant time.
#pragma warning disable RS0030
    public bool IsOn => Key.Length > 0;

    // Hashes have one length, so the time of the comparison shows neither the key's length nor a common beginning.
    public bool Is(string given) =>
        IsOn
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(given)),
            SHA256.HashData(Encoding.UTF8.GetBytes(Key))
        );

    // The value is a secret, so the message has only its length.
    void IValidatedOptions.Check(OptionRules rules, string path)
    {
        if (Key.Length is > 0 and < LeastLength)
            rules.Add([
                $"{Section}:{nameof(Key)} must have at least {LeastLength} characters, or none to switch it off, and has {Key.Length}.",
            ]);
    }
#pragma warning restore RS0030
}
