using System.Security.Cryptography;
using Overnight.Core.Proof;

namespace Overnight.Jobs.Pipeline;

/// <summary>Random bytes for leaves, taken from the system some hundreds at a time. Not thread-safe.</summary>
internal sealed class SaltSource
{
    private readonly byte[] _bytes = new byte[512 * LeafHasher.SaltLength];
    private int _used;

    public SaltSource() => _used = _bytes.Length;

    /// <summary>Bytes that were not given before; valid until the next call.</summary>
    public ReadOnlySpan<byte> Next()
    {
        if (_used == _bytes.Length)
        {
            RandomNumberGenerator.Fill(_bytes);
            _used = 0;
        }
        _used += LeafHasher.SaltLength;
        return _bytes.AsSpan(_used - LeafHasher.SaltLength, LeafHasher.SaltLength);
    }
}
