using System.Buffers.Text;
using Overnight.Core.Json;
using Overnight.Core.Portfolios;

namespace Overnight.Core.Recommendations;

/// <summary>A growing UTF-8 buffer that is reused: the parts of a result are appended without a serialiser.</summary>
internal sealed class JsonBuffer(int capacity)
{
    private byte[] _bytes = new byte[capacity];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }

    public void Append(Decimal4 number) => Length += number.Format(Reserve(Decimal4.MaxLength));

    public void Append(int number)
    {
        Utf8Formatter.TryFormat(number, Reserve(11), out var written);
        Length += written;
    }

    public void Append(Guid id)
    {
        Utf8Formatter.TryFormat(id, Reserve(36), out var written);
        Length += written;
    }

    /// <summary>ISO 8601 in UTC with milliseconds.</summary>
    public void Append(DateTimeOffset time)
    {
        time.UtcDateTime.TryFormat(Reserve(24), out var written, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
        Length += written;
    }

    /// <summary>Closes the object with the tail of <see cref="ChecksummedJson"/> and returns a copy of exactly its length.</summary>
    public byte[] Seal()
    {
        Reserve(ChecksummedJson.TailLength);
        Length = ChecksummedJson.WriteTail(_bytes, Length);
        var entry = GC.AllocateUninitializedArray<byte>(Length);
        Written.CopyTo(entry);
        return entry;
    }

    private Span<byte> Reserve(int count)
    {
        if (_bytes.Length - Length < count)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        return _bytes.AsSpan(Length);
    }
}
