using System.Buffers.Binary;
using Npgsql;

namespace Overnight.Core.Data;

/// <summary>
/// The answer of <c>copy (..) to stdout (format binary)</c>, read whole into a buffer that is used again, then taken
/// apart field by field: a fifth of what a data reader costs per row. Fields come in the order of the query.
/// </summary>
/// <remarks>Form: PostgreSQL's documentation of COPY, "Binary Format". Not thread-safe.</remarks>
internal sealed class CopyReader
{
    private const int HeaderLength = 19;
    private byte[] _buffer = new byte[64 * 1024];
    private int _at,
        _length;

    /// <summary>Runs the query and takes its whole answer.</summary>
    public async Task LoadAsync(NpgsqlConnection connection, string query, CancellationToken ct)
    {
        _at = HeaderLength;
        _length = 0;
        await using var stream = await connection.BeginRawBinaryCopyAsync($"copy ({query}) to stdout (format binary)", ct);
        while (true)
        {
            if (_length == _buffer.Length)
                Array.Resize(ref _buffer, _buffer.Length * 2);
            // A read gives one row, and to listen to a token for each would cost as much as the row itself.
            var read = await stream.ReadAsync(_buffer.AsMemory(_length), CancellationToken.None);
            if (read == 0)
                return;
            _length += read;
        }
    }

    /// <summary>Goes to the next row; false after the last.</summary>
    public bool NextRow() => BinaryPrimitives.ReadInt16BigEndian(Take(2)) >= 0;

    public Guid Guid() => new(Field(16), bigEndian: true);

    public Guid? OptionalGuid() => BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_at)) < 0 ? Null<Guid>() : Guid();

    /// <summary>A <c>numeric</c> that is 0 or more, with at most 8 decimals and 11 digits before them.</summary>
    /// <exception cref="InvalidDataException">It is NaN, negative or longer.</exception>
    public decimal Numeric8()
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(Take(4));
        var field = Take(length);
        // Groups of four digits: how many, the first one's power of 10,000, the sign, the decimals shown.
        int groups = BinaryPrimitives.ReadInt16BigEndian(field),
            weight = BinaryPrimitives.ReadInt16BigEndian(field[2..]);
        var sign = BinaryPrimitives.ReadUInt16BigEndian(field[4..]);
        if (sign != 0 || weight > 2 || groups > weight + 3)
            throw new InvalidDataException("A quantity is not a number with 11 digits and 8 decimals.");
        ulong scaled = 0;
        for (var power = weight; power >= -2; power--)
        {
            var index = weight - power;
            scaled = scaled * 10_000 + (index < groups ? BinaryPrimitives.ReadUInt16BigEndian(field[(8 + index * 2)..]) : 0u);
        }
        return new((int)(uint)scaled, (int)(uint)(scaled >> 32), 0, isNegative: false, scale: 8);
    }

    private ReadOnlySpan<byte> Field(int expected)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(Take(4));
        return length == expected
            ? Take(length)
            : throw new InvalidDataException($"A field of {length} bytes stands where one of {expected} is expected.");
    }

    private T? Null<T>()
        where T : struct
    {
        _at += 4;
        return null;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _length - _at)
            throw new InvalidDataException("The copy ends too early.");
        var taken = _buffer.AsSpan(_at, count);
        _at += count;
        return taken;
    }
}
