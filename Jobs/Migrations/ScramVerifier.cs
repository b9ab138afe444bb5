using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Overnight.Jobs.Migrations;

/// <summary>
/// What PostgreSQL stores of a password (RFC 5802, SCRAM-SHA-256): <c>SCRAM-SHA-256$iterations:salt$stored key:server key</c>.
/// Made here, so that no statement holds a password that the server might log.
/// </summary>
internal static class ScramVerifier
{
    private const string Mechanism = "SCRAM-SHA-256";

    /// <summary>Iterations; PostgreSQL's default.</summary>
    private const int Iterations = 4096;
    private const int SaltLength = 16;

    public static string Create(string password) => Create(password, RandomNumberGenerator.GetBytes(SaltLength), Iterations);

    /// <summary>Whether a stored verifier is of this password; false for one of another kind.</summary>
    public static bool IsOf(string? stored, string password) =>
        stored?.Split('$', ':') is [Mechanism, var count, var salt, _, _]
        && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
        && iterations > 0
        && TryDecode(salt, out var bytes)
        && CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(stored),
            Encoding.ASCII.GetBytes(Create(password, bytes, iterations))
        );

    private static string Create(string password, byte[] salt, int iterations)
    {
        // Normalised as the driver does it when it signs in.
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            password.Normalize(NormalizationForm.FormKC),
            salt,
            iterations,
            HashAlgorithmName.SHA256,
            HMACSHA256.HashSizeInBytes
        );
        var stored = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var server = HMACSHA256.HashData(salted, "Server Key"u8);
        return $"{Mechanism}${iterations}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(stored)}:{Convert.ToBase64String(server)}";
    }

    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        var isBase64 = Convert.TryFromBase64String(text, bytes, out var length);
        Array.Resize(ref bytes, length);
        return isBase64;
    }
}
