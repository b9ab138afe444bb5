using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Overnight.Core.Proof;

/// <summary>
/// Hashes the leaf of one user's calculation in one run: SHA-256 of 0x00, the 16 random bytes that CALC_STARTED keeps, the rows of the
/// events by type, the row of the result where there is one, and the hash of the criteria version that the inputs name. Rows have every
/// column in the binary form of COPY: the number of fields (2 bytes), then length (4 bytes) and bytes of each. The hash of the criteria is
/// preceded by its length (4 bytes); the length is 0 for a user that failed. Numbers are big-endian. Not thread-safe.
/// </summary>
/// <remarks>
/// 0x00 and 0x01 keep a leaf from being taken for a node (RFC 6962, section 2.1). The random bytes keep a hash, once it is published or
/// kept after an erasure, from being found by trying results.
/// </remarks>
public sealed class LeafHasher
{
    /// <summary>Random bytes of a leaf.</summary>
    public const int SaltLength = 16;

    private const byte Leaf = 0;

    private byte[] _bytes = new byte[16 * 1024];
    private int _length;

    public void Begin(ReadOnlySpan<byte> salt)
    {
        if (salt.Length != SaltLength)
            throw new ArgumentException($"A leaf has {SaltLength} random bytes, not {salt.Length}.", nameof(salt));
        _length = 0;
        Append([Leaf]);
        Append(salt);
    }

    /// <param name="rows">One row, or several one after another.</param>
    public void Rows(ReadOnlySpan<byte> rows) => Append(rows);

    /// <param name="criteria">The hash of the criteria version; empty for a user that failed.</param>
    /// <param name="leaf">Receives <see cref="HashTree.Length"/> bytes.</param>
    public void End(ReadOnlySpan<byte> criteria, Span<byte> leaf)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, criteria.Length);
        Append(length);
        Append(criteria);
        SHA256.HashData(_bytes.AsSpan(0, _length), leaf);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length - _length < bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes.Length));
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }
}
