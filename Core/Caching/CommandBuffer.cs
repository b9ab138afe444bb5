using System.Buffers.Text;
using System.Text;

namespace Overnight.Core.Caching;

/// <summary>Commands in the form of the Redis serialization protocol, version 2, one after the other. Not thread-safe.</summary>
internal sealed class CommandBuffer(int capacity)
{
    private byte[] _buffer = new byte[capacity];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    public void Clear() => Length = 0;

    public void Begin(int arguments) => Number((byte)'*', arguments);

    public void Argument(ReadOnlySpan<byte> value)
    {
        Number((byte)'$', value.Length);
        var space = Reserve(value.Length + 2);
        value.CopyTo(space);
        "\r\n"u8.CopyTo(space[value.Length..]);
        Length += value.Length + 2;
    }

    public void Argument(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Number((byte)'$', length);
        var space = Reserve(length + 2);
        Encoding.UTF8.GetBytes(value, space);
        "\r\n"u8.CopyTo(space[length..]);
        Length += length + 2;
    }

    public void Argument(long value)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, digits, out var count);
        Argument(digits[..count]);
    }

    private void Number(byte sign, int value)
    {
        var space = Reserve(16);
        space[0] = sign;
        Utf8Formatter.TryFormat(value, space[1..], out var digits);
        "\r\n"u8.CopyTo(space[(1 + digits)..]);
        Length += digits + 3;
    }

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Length - Length < count)
            Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, Length + count));
        return _buffer.AsSpan(Length);
    }
}
