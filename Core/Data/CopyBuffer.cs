using System.Buffers.Binary;
using System.Text;

namespace Overnight.Core.Data;

/// <summary>
/// Rows in the binary form of COPY, in a buffer that is reused: the number of fields, then length and bytes of each. Fields are appended
/// in the order of the columns, each exactly of its column's type.
/// </summary>
/// <remarks>Source of the format: PostgreSQL's documentation of COPY, "Binary Format". Not thread-safe.</remarks>
internal class CopyBuffer(int capacity)
{
    // PostgreSQL's binary dates and times count from this day.
    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly int EpochDay = new DateOnly(2000, 1, 1).DayNumber;

    private byte[] _buffer = new byte[capacity];
    private int _row;

    /// <summary>The bytes of the row that was begun last; valid until the next row begins.</summary>
    public ReadOnlySpan<byte> Row => _buffer.AsSpan(_row, Length - _row);

    protected int Length { get; private set; }

    protected bool IsHalfFull => Length > _buffer.Length / 2;

    protected ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    /// <summary>Forgets the rows before, and begins one.</summary>
    public void Only(short fields)
    {
        Clear();
        Begin(fields);
    }

    public void Date(DateOnly value) => BinaryPrimitives.WriteInt32BigEndian(Field(4), value.DayNumber - EpochDay);

    /// <summary>To the microsecond, as PostgreSQL stores it.</summary>
    public void Time(DateTimeOffset value) =>
        BinaryPrimitives.WriteInt64BigEndian(Field(8), (value.UtcDateTime - Epoch).Ticks / TimeSpan.TicksPerMicrosecond);

    public void SmallInt(short value) => BinaryPrimitives.WriteInt16BigEndian(Field(2), value);

    public void Integer(int value) => BinaryPrimitives.WriteInt32BigEndian(Field(4), value);

    public void BigInt(long value) => BinaryPrimitives.WriteInt64BigEndian(Field(8), value);

    public void Id(Guid value) => value.TryWriteBytes(Field(16), bigEndian: true, out _);

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Field(value.Length));

    public void Text(string value) => Encoding.UTF8.GetBytes(value, Field(Encoding.UTF8.GetByteCount(value)));

    protected void Begin(short fields)
    {
        _row = Length;
        Int16(fields);
    }

    protected void Clear() => Length = _row = 0;

    protected void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }

    protected void Int16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(Reserve(2), value);
        Length += 2;
    }

    private Span<byte> Field(int length)
    {
        var span = Reserve(4 + length);
        BinaryPrimitives.WriteInt32BigEndian(span, length);
        Length += 4 + length;
        return span.Slice(4, length);
    }

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Length - Length < count)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Length + count));
        return _buffer.AsSpan(Length);
    }
}
