using Zxcvbn.Matcher;

namespace Overnight.Core.Sessions;

/// <summary>
/// Limits of passwords, and the work factor of their hashes. A password is stored as PBKDF2 with HMAC-SHA-512 by the framework's hasher,
/// which stores salt and iterations with it: after <see cref="Iterations"/> is raised, older hashes stay valid, and each is renewed when
/// it is used.
/// </summary>
public static class PasswordRules
{
    /// <summary>Characters. The upper limit bounds the work that a request without a session can cause.</summary>
    public const int Least = 12,
        Most = 256;

    /// <summary>Number of most common passwords that are refused, and a length in characters that none of them exceeds.</summary>
    private const int MostCommon = 10_000,
        LongestCommon = 64;

    /// <summary>Iterations. Source: OWASP's recommendation for PBKDF2 with HMAC-SHA-512.</summary>
    public const int Iterations = 210_000;

    /// <returns>Why a new password is refused, without quoting it; null when it is accepted.</returns>
    public static string? Failure(string password)
    {
        ArgumentNullException.ThrowIfNull(password);
        if (password.Length is < Least or > Most)
            return $"A password must have {Least} to {Most} characters, and this one has {password.Length}.";
        return IsCommon(password) ? $"The password is one of the {MostCommon:N0} most common ones, which are tried first." : null;
    }

    /// <summary>Whether the whole password, ignoring case, is among the most common ones in the library's ranking.</summary>
    private static bool IsCommon(string password) =>
        password.Length <= LongestCommon
        && Zxcvbn
            .Zxcvbn.MatchPassword(password)
            .MatchSequence.Any(match =>
                match is DictionaryMatch { DictionaryName: "passwords", Rank: <= MostCommon } && match.Token.Length == password.Length
            );
}
