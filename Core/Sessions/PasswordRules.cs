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

    /// <summary>Iterations. Source: OWASP's recommendation for PBKDF2 with HMAC-SHA-512.</summary>
    public const int Iterations = 210_000;

    /// <returns>Why a new password is refused, without quoting it; null when it is accepted.</returns>
    public static string? Failure(string password)
    {
        ArgumentNullException.ThrowIfNull(password);
        return password.Length is >= Least and <= Most
            ? null
            : $"A password must have {Least} to {Most} characters, and this one has {password.Length}.";
    }
}
