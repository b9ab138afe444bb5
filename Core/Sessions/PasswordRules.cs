using System.Collections.Frozen;

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

    /// <summary>Number of most common passwords that are refused.</summary>
    public const int MostCommon = 10_000;

    /// <summary>
    /// The library's own list, the most common first. Its matcher is not asked, because it may see a pattern in its place.
    /// </summary>
    private const string List = "zxcvbn-core.Dictionaries.passwords.lst";

    private static readonly Lazy<FrozenSet<string>> Common = new(() =>
        ReadCommon().Where(password => password.Length >= Least).ToFrozenSet(StringComparer.OrdinalIgnoreCase)
    );

    /// <summary>Iterations. Source: OWASP's recommendation for PBKDF2 with HMAC-SHA-512.</summary>
    public const int Iterations = 210_000;

    /// <returns>Why a new password is refused, without quoting it; null when it is accepted.</returns>
    public static string? Failure(string password)
    {
        ArgumentNullException.ThrowIfNull(password);
        if (password.Length is < Least or > Most)
            return $"A password must have {Least} to {Most} characters, and this one has {password.Length}.";
        return Common.Value.Contains(password)
            ? $"The password is one of the {MostCommon:N0} most common ones, which are tried first."
            : null;
    }

    /// <summary>The most common passwords, in order and in lowercase, short ones included.</summary>
    internal static IReadOnlyList<string> ReadCommon()
    {
        using var list = typeof(Zxcvbn.Zxcvbn).Assembly.GetManifestResourceStream(List)
            ?? throw new InvalidOperationException($"The password library has no list {List}.");
        using StreamReader lines = new(list);
        List<string> passwords = new(MostCommon);
        while (passwords.Count < MostCommon && lines.ReadLine() is { } password)
            passwords.Add(password);
        return passwords;
    }
}
