using System.Buffers.Text;
using Overnight.Core.Json;

namespace Overnight.Core.Recommendations;

/// <summary>The stored form of a user's result, <c>{"userId":"..",</c> .. and the tail of <see cref="ChecksummedJson"/>.</summary>
public static class ResultBytes
{
    private const int IdLength = 36;

    private static ReadOnlySpan<byte> Start => "{\"userId\":\""u8;

    /// <summary>Whether they are whole, of this build's shape, and of this user.</summary>
    public static bool AreOf(Guid userId, ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith(Start)
        && Utf8Parser.TryParse(bytes[Start.Length..], out Guid owner, out var read)
        && read == IdLength
        && owner == userId
        && ChecksummedJson.IsIntact(bytes);
}
