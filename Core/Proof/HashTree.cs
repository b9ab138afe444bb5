using System.Security.Cryptography;

namespace Overnight.Core.Proof;

/// <summary>
/// A tree of SHA-256 hashes over the leaves of a batch, and over the roots of a run's batches. A node is SHA-256(0x01, left, right); an odd
/// node is promoted unchanged, never doubled; the root of nothing is SHA-256 of no bytes. Roots and paths are those of RFC 6962, section
/// 2.1.
/// </summary>
public static class HashTree
{
    /// <summary>Bytes of a hash.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    private const byte Node = 1;

    /// <param name="hashes">The lowest level, one hash after another.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="Length"/>.</exception>
    public static byte[] Root(ReadOnlySpan<byte> hashes)
    {
        var level = Copy(hashes);
        if (level.Length == 0)
            return SHA256.HashData([]);
        while (level.Length > Length)
            level = Up(level);
        return level.ToArray();
    }

    /// <summary>The hashes beside the way from one hash of the lowest level up to the root, lowest first.</summary>
    /// <param name="index">Number of the hash among <paramref name="hashes"/>, from 0.</param>
    public static IReadOnlyList<PathStep> Path(ReadOnlySpan<byte> hashes, int index)
    {
        var level = Copy(hashes);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, level.Length / Length);
        List<PathStep> steps = [];
        while (level.Length > Length)
        {
            var beside = index ^ 1;
            // The last of an odd number has nothing beside it and goes up as it is.
            if (beside * Length < level.Length)
                steps.Add(new(IsLeft: beside < index, level.Slice(beside * Length, Length).ToArray()));
            level = Up(level);
            index /= 2;
        }
        return steps;
    }

    /// <summary>The root that a hash and its path lead to.</summary>
    public static byte[] Climb(ReadOnlySpan<byte> hash, IEnumerable<PathStep> path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var root = hash.ToArray();
        foreach (var step in path)
            root = step.IsLeft ? Join(step.Hash.Span, root) : Join(root, step.Hash.Span);
        return root;
    }

    private static Span<byte> Copy(ReadOnlySpan<byte> hashes) =>
        hashes.Length % Length == 0
            ? hashes.ToArray()
            : throw new ArgumentException($"{hashes.Length} bytes are no whole number of hashes of {Length} bytes.", nameof(hashes));

    /// <summary>Writes the level above into the same memory.</summary>
    private static Span<byte> Up(Span<byte> level)
    {
        Span<byte> node = stackalloc byte[1 + 2 * Length];
        node[0] = Node;
        var (from, to) = (0, 0);
        for (; from + 2 * Length <= level.Length; from += 2 * Length, to += Length)
        {
            level.Slice(from, 2 * Length).CopyTo(node[1..]);
            SHA256.HashData(node, level[to..]);
        }
        if (from < level.Length)
        {
            level[from..].CopyTo(level[to..]);
            to += Length;
        }
        return level[..to];
    }

    private static byte[] Join(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => SHA256.HashData([Node, .. left, .. right]);
}

/// <summary>A hash beside the way up.</summary>
/// <param name="IsLeft">Whether it is the left one of the pair.</param>
public readonly record struct PathStep(bool IsLeft, ReadOnlyMemory<byte> Hash);
