using Zxcvbn.Matcher;

namespace Overnight.Core.Sessions;

/// <summary>
/// What a password must be, and how often it is hashed. It is kept as PBKDF2 with HMAC-SHA-512 by the framework's hasher,
/// which writes salt and iterations beside it: raising <see cref="Iterations"/> leaves older ones valid, and renews each when it is used.
/// </summary>
public static class PasswordRules
{
    /// <summary>Characters. The most bounds what a stranger can have hashed.</summary>
    public const int Least = 12,
        Most = 256;

    /// <summary>How many of the most common passwords are refused, and characters beyond which none of them is.</summary>
    private const int MostCommon = 10_000,
        LongestCommon = 64;

    /// <summary>OWASP's recommendation for PBKDF2 with HMAC-SHA-512.</summary>
    public const int Iterations = 210_000;

    /// <returns>What is wrong with a new password, without it; null when nothing is.</returns>
    public static string? Failure(string password)
    {
        ArgumentNullException.ThrowIfNull(password);
        if (password.Length is < Least or > Most)
            return $"A password must have {Least} to {Most} characters, and this one has {password.Length}.";
        return IsCommon(password) ? $"The password is one of the {MostCommon:N0} most common ones, which are tried first." : null;
    }

    /// <summary>Whether the whole of it, in any case of letters, is among the most common ones that the library ranks.</summary>
    private static bool IsCommon(string password) =>
        password.Length <= LongestCommon
        && Zxcvbn
            .Zxcvbn.MatchPassword(password)
            .MatchSequence.Any(match =>
                match is DictionaryMatch { DictionaryName: "passwords", Rank: <= MostCommon } && match.Token.Length == password.Length
            );
}
