using System.Buffers.Binary;
using Overnight.Core.Portfolios;

namespace Overnight.Core.Auditing;

/// <summary>Appends the compact forms of events and snapshots to one growing buffer: varints, 16-byte ids, length-prefixed text.</summary>
internal sealed class CompactWriter(int capacity)
{
    private byte[] _bytes = new byte[capacity];

    public int Length { get; private set; }

    public void Clear() => Length = 0;

    public byte[] ToArray() => _bytes.AsSpan(0, Length).ToArray();

    public void Byte(byte value)
    {
        Reserve(1)[0] = value;
        Length++;
    }

    /// <summary>Unsigned LEB128: 7 bits a byte, low bits first.</summary>
    public void Varint(ulong value)
    {
        var span = Reserve(10);
        var at = 0;
        for (; value >= 0x80; value >>= 7)
            span[at++] = (byte)(value | 0x80);
        span[at++] = (byte)value;
        Length += at;
    }

    /// <summary>Zigzag: the sign is moved to the lowest bit, so that small negative numbers stay short.</summary>
    public void Signed(long value) => Varint((ulong)(value << 1 ^ value >> 63));

    public void Signed(Decimal4? value)
    {
        Byte(value is null ? (byte)0 : (byte)1);
        if (value is { } number)
            Signed(number.Units);
    }

    /// <summary>The exact decimal with its scale, because replay must produce identical bytes.</summary>
    public void Decimal(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        Byte((byte)(bits[3] >> 16 & 0x7f | (bits[3] < 0 ? 0x80 : 0)));
        Varint((uint)bits[0] | (ulong)(uint)bits[1] << 32);
        Varint((uint)bits[2]);
    }

    public void Id(Guid value)
    {
        value.TryWriteBytes(Reserve(16), bigEndian: true, out _);
        Length += 16;
    }

    /// <summary>UTC ticks; a missing time is 0.</summary>
    public void Time(DateTimeOffset? value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Reserve(8), value?.UtcTicks ?? 0);
        Length += 8;
    }

    public void Text(ReadOnlySpan<byte> utf8)
    {
        Varint((ulong)utf8.Length);
        Raw(utf8);
    }

    /// <summary>Bytes of a length that the reader knows.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }

    public void Text(string value) => Text(System.Text.Encoding.UTF8.GetBytes(value));

    /// <summary>The low <paramref name="bytes"/> bytes of a mask.</summary>
    public void Mask(ulong value, int bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);
        Length += bytes;
    }

    private Span<byte> Reserve(int count)
    {
        if (_bytes.Length - Length < count)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        return _bytes.AsSpan(Length);
    }
}
