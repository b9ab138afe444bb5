using System.Diagnostics.CodeAnalysis;

namespace Overnight.Core.Sessions;

/// <summary>E-mail addresses in the form of <c>users.email</c>: lowercase, so that two spellings are one account.</summary>
public static class EmailAddress
{
    /// <summary>Longest address in characters. Source: SMTP's limit of a path (RFC 5321, 4.5.3.1.3).</summary>
    public const int Most = 254;

    /// <summary>
    /// False for a text that can't be an address: without an @ after its first character, with white space or control characters, or too
    /// long.
    /// </summary>
    public static bool TryNormalise(string? text, [NotNullWhen(true)] out string? email)
    {
        email = null;
        if (text?.Trim() is not { Length: > 2 and <= Most } trimmed || trimmed.IndexOf('@', StringComparison.Ordinal) < 1)
            return false;
        foreach (var c in trimmed)
        {
            if (char.IsControl(c) || char.IsWhiteSpace(c))
                return false;
        }
        email = trimmed.ToLowerInvariant();
        return true;
    }
}
