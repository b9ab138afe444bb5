using System.Buffers.Text;
using Overnight.Core.Json;

namespace Overnight.Core.Recommendations;

/// <summary>
/// The stored form of a user's result: JSON that begins with the user id and ends with the tail of
/// <see cref="ChecksummedJson"/>.
/// </summary>
public static class ResultIntegrity
{
    private const int IdLength = 36;

    private static ReadOnlySpan<byte> Start => "{\"userId\":\""u8;

    /// <summary>Whether the bytes are an undamaged result of this build's shape, and of this user.</summary>
    public static bool AreOf(Guid userId, ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith(Start)
        && Utf8Parser.TryParse(bytes[Start.Length..], out Guid owner, out var read)
        && read == IdLength
        && owner == userId
        && ChecksummedJson.IsIntact(bytes);
}
