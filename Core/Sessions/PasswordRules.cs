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

    /// <summary>OWASP's recommendation for PBKDF2 with HMAC-SHA-512.</summary>
    public const int Iterations = 210_000;

    /// <returns>What is wrong with a new password, without it; null when nothing is.</returns>
    public static string? Failure(string password)
    {
        ArgumentNullException.ThrowIfNull(password);
        return password.Length is >= Least and <= Most
            ? null
            : $"A password must have {Least} to {Most} characters, and this one has {password.Length}.";
    }
}
