using System.Buffers.Binary;
using System.Text;
using Overnight.Core.Portfolios;

namespace Overnight.Core.Auditing;

/// <summary>Reads what <see cref="CompactWriter"/> wrote. A damaged payload throws <see cref="InvalidDataException"/>.</summary>
internal ref struct CompactReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>Number of bytes that are not read yet.</summary>
    public readonly int Left => _rest.Length;

    public byte Byte() => Take(1)[0];

    public ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
                return value;
        }
        throw new InvalidDataException("A number in the payload is longer than 64 bits.");
    }

    /// <summary>Number of items that follow. It is at most the number of bytes left, because each item takes at least one.</summary>
    public int Count()
    {
        var count = Varint();
        return count <= (ulong)_rest.Length
            ? (int)count
            : throw new InvalidDataException($"The payload announces {count} items but has only {_rest.Length} bytes left.");
    }

    public long Signed()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public Decimal4? OptionalDecimal4() => Byte() == 0 ? null : new Decimal4(Signed());

    public decimal Decimal()
    {
        var flags = Byte();
        var low = Varint();
        var high = Varint();
        var scale = (byte)(flags & 0x7f);
        if (scale > 28 || high > uint.MaxValue)
            throw new InvalidDataException("A decimal in the payload is out of range.");
        return new((int)(uint)low, (int)(uint)(low >> 32), (int)(uint)high, flags >= 0x80, scale);
    }

    public Guid Id() => new(Take(16), bigEndian: true);

    public DateTimeOffset? Time()
    {
        var ticks = BinaryPrimitives.ReadInt64LittleEndian(Take(8));
        if (ticks is < 0 || ticks > DateTimeOffset.MaxValue.Ticks)
            throw new InvalidDataException("A time in the payload is out of range.");
        return ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);
    }

    public ReadOnlySpan<byte> Raw(int count) => Take(count);

    public ReadOnlySpan<byte> Utf8() => Take(Count());

    public string Text() => Encoding.UTF8.GetString(Utf8());

    public ulong Mask(int bytes)
    {
        Span<byte> padded = stackalloc byte[8];
        padded.Clear();
        Take(bytes).CopyTo(padded);
        return BinaryPrimitives.ReadUInt64LittleEndian(padded);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
            throw new InvalidDataException("The payload ends within a value.");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
