using System.Buffers.Binary;
using Npgsql;

namespace Overnight.Core.Data;

/// <summary>
/// Writes rows for <c>copy .. from stdin (format binary)</c>, through a buffer that is reused and sent when it is half full. Fields are
/// appended in the order of the columns, each exactly of its column's type.
/// </summary>
/// <remarks>Source of the format: PostgreSQL's documentation of COPY, "Binary Format". Not thread-safe.</remarks>
internal sealed class CopyWriter
{
    private static readonly byte[] Header = [.. "PGCOPY\n"u8, 0xff, .. "\r\n"u8, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    // PostgreSQL's binary dates and times count from this day.
    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly int EpochDay = new DateOnly(2000, 1, 1).DayNumber;

    private byte[] _buffer = new byte[256 * 1024];
    private int _length;
    private Stream? _stream;

    /// <param name="target">Table and columns, as <c>events (a, b)</c>.</param>
    public async Task BeginAsync(NpgsqlConnection connection, string target, CancellationToken ct)
    {
        _stream = await connection.BeginRawBinaryCopyAsync($"copy {target} from stdin (format binary)", ct);
        Header.CopyTo(_buffer, 0);
        _length = Header.Length;
    }

    /// <summary>Begins a row, and sends the buffer when it is half full.</summary>
    public ValueTask RowAsync(short columns, CancellationToken ct)
    {
        var sending = _length > _buffer.Length / 2 ? SendAsync(ct) : ValueTask.CompletedTask;
        if (!sending.IsCompletedSuccessfully)
            return AfterAsync(sending, columns);
        Int16(columns);
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the copy; PostgreSQL checks the rows only now.</summary>
    public async Task CompleteAsync(CancellationToken ct)
    {
        Int16(-1);
        await SendAsync(ct);
        await _stream!.DisposeAsync();
        _stream = null;
    }

    public void Date(DateOnly value) => BinaryPrimitives.WriteInt32BigEndian(Field(4), value.DayNumber - EpochDay);

    public void Time(DateTimeOffset value) =>
        BinaryPrimitives.WriteInt64BigEndian(Field(8), (value.UtcDateTime - Epoch).Ticks / TimeSpan.TicksPerMicrosecond);

    public void SmallInt(short value) => BinaryPrimitives.WriteInt16BigEndian(Field(2), value);

    public void Integer(int value) => BinaryPrimitives.WriteInt32BigEndian(Field(4), value);

    public void Id(Guid value) => value.TryWriteBytes(Field(16), bigEndian: true, out _);

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Field(value.Length));

    private async ValueTask AfterAsync(ValueTask sending, short columns)
    {
        await sending;
        Int16(columns);
    }

    private async ValueTask SendAsync(CancellationToken ct)
    {
        await _stream!.WriteAsync(_buffer.AsMemory(0, _length), ct);
        _length = 0;
    }

    private void Int16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(Reserve(2), value);
        _length += 2;
    }

    private Span<byte> Field(int length)
    {
        var span = Reserve(4 + length);
        BinaryPrimitives.WriteInt32BigEndian(span, length);
        _length += 4 + length;
        return span.Slice(4, length);
    }

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Length - _length < count)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        return _buffer.AsSpan(_length);
    }
}
