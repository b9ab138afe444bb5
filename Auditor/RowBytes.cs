using System.Buffers.Binary;
using System.Text;

namespace Overnight.Auditor;

/// <summary>Fields of a row as PostgreSQL sends them: the number of fields, then length and bytes of each, big-endian.</summary>
internal sealed class RowBytes
{
    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private readonly List<byte> _bytes = [];

    /// <param name="fields">A Guid, DateOnly, DateTime, short, int, long, string or byte array, or null.</param>
    public RowBytes Row(params ReadOnlySpan<object?> fields)
    {
        _bytes.AddRange(BigEndian(2, fields.Length));
        foreach (var field in fields)
        {
            var bytes = Bytes(field);
            _bytes.AddRange(BigEndian(4, bytes?.Length ?? -1));
            _bytes.AddRange(bytes ?? []);
        }
        return this;
    }

    public RowBytes Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    /// <summary>Bytes after their length, as a field has them.</summary>
    public RowBytes Field(byte[] bytes) => Raw(BigEndian(4, bytes.Length)).Raw(bytes);

    public byte[] ToArray() => [.. _bytes];

    private static byte[]? Bytes(object? field) =>
        field switch
        {
            null or DBNull => null,
            byte[] bytes => bytes,
            Guid id => id.ToByteArray(bigEndian: true),
            string text => Encoding.UTF8.GetBytes(text),
            DateOnly day => BigEndian(4, day.DayNumber - DateOnly.FromDateTime(Epoch).DayNumber),
            DateTime time => BigEndian(8, (time - Epoch).Ticks / TimeSpan.TicksPerMicrosecond),
            short number => BigEndian(2, number),
            int number => BigEndian(4, number),
            long number => BigEndian(8, number),
            _ => throw new ArgumentException($"A field can't be of type {field.GetType()}.", nameof(field)),
        };

    private static byte[] BigEndian(int length, long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes[^length..];
    }
}
