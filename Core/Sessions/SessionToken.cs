using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Overnight.Core.Sessions;

/// <summary>
/// A session token: 32 random bytes as base64url, 43 characters. Only its hash is stored, the lowercase hex SHA-256 of the token's ASCII
/// bytes.
/// </summary>
public static class SessionToken
{
    private const int Bytes = 32;
    private const int Length = 43;

    // One hash object per thread, because creating one costs more than hashing a token.
    [ThreadStatic]
    private static IncrementalHash? t_sha256;

    public static string Create()
    {
        Span<byte> random = stackalloc byte[Bytes];
        RandomNumberGenerator.Fill(random);
        return Base64Url.EncodeToString(random);
    }

    /// <summary>
    /// False unless <paramref name="token"/> is exactly 43 base64url characters; a malformed token needs neither cache nor database.
    /// </summary>
    public static bool TryHash(string token, [NotNullWhen(true)] out string? hash)
    {
        hash = null;
        if (token is not { Length: Length })
            return false;
        foreach (var c in token)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
                return false;
        }

        Span<byte> ascii = stackalloc byte[Length];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Encoding.ASCII.GetBytes(token, ascii);
        var sha256 = t_sha256 ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(ascii);
        sha256.GetHashAndReset(digest);
        hash = Convert.ToHexStringLower(digest);
        return true;
    }
}
