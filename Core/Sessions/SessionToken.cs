using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Overnight.Core.Sessions;

/// <summary>
/// A bearer token: 32 random bytes as 43 characters of base64url. Only the lowercase hex SHA-256 of those characters
/// is ever stored. Source: SPEC E1, DESIGN "Contracts".
/// </summary>
public static class SessionToken
{
    private const int Bytes = 32;
    private const int Length = 43;

    /// <summary>A new token; it goes to its owner and nowhere else.</summary>
    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>The 64 hex digits that <c>sessions.token_hash</c> holds; false for what no <see cref="Create"/> could have made.</summary>
    public static bool TryHash(string? token, out string hash)
    {
        hash = "";
        if (token is not { Length: Length }) return false;
        Span<byte> decoded = stackalloc byte[Bytes];
        if (!Base64Url.IsValid(token, out var length) || length != Bytes || !Base64Url.TryDecodeFromChars(token, decoded, out _)) return false;
        // The last character carries two spare bits: one token, one spelling.
        if (!token.Equals(Base64Url.EncodeToString(decoded), StringComparison.Ordinal)) return false;
        hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(token)));
        return true;
    }
}
