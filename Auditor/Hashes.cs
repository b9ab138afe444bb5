using System.Security.Cryptography;

namespace Overnight.Auditor;

/// <summary>
/// Hash trees by the definition of RFC 6962, section 2.1, over hashes that are there: the left half has the largest power of two.
/// </summary>
internal static class Hashes
{
    public const int Length = 32;

    public static byte[] Root(IReadOnlyList<byte[]> hashes) => hashes.Count == 0 ? SHA256.HashData([]) : Root(hashes, 0, hashes.Count);

    /// <summary>Cuts hashes that are stored one after another.</summary>
    public static List<byte[]> Cut(byte[] all)
    {
        List<byte[]> hashes = [];
        for (var at = 0; at + Length <= all.Length; at += Length)
            hashes.Add(all[at..(at + Length)]);
        return hashes;
    }

    public static byte[] Of(RowBytes bytes) => SHA256.HashData(bytes.ToArray());

    public static bool Same(byte[]? one, byte[]? other) => one is not null && other is not null && one.AsSpan().SequenceEqual(other);

    private static byte[] Root(IReadOnlyList<byte[]> hashes, int from, int count)
    {
        if (count == 1)
            return hashes[from];
        var left = 1;
        while (left * 2 < count)
            left *= 2;
        return SHA256.HashData([1, .. Root(hashes, from, left), .. Root(hashes, from + left, count - left)]);
    }
}
