using System.Buffers.Text;

namespace Overnight.Core.Json;

/// <summary>
/// A JSON object that ends with the version of its shape and a checksum, so that another shape or damage is recognised without parsing.
/// </summary>
/// <remarks>
/// The tail is <c>,"schema":1,"checksum":"0a1b2c3d"}</c>; the checksum is the CRC-32C of every byte before the comma of the checksum
/// field, as eight lowercase hex digits.
/// </remarks>
public static class ChecksummedJson
{
    /// <summary>Version of the shape that this build writes; raise it when a field is renamed, removed or retyped.</summary>
    public const int Schema = 1;

    /// <summary>Bytes that <see cref="WriteTail"/> appends.</summary>
    public const int TailLength = 34;

    private static ReadOnlySpan<byte> SchemaField => ",\"schema\":1"u8;
    private static ReadOnlySpan<byte> ChecksumField => ",\"checksum\":\""u8;
    private static ReadOnlySpan<byte> End => "\"}"u8;

    /// <summary>
    /// Appends the version and the checksum to the open object in <paramref name="buffer"/>[..<paramref name="length"/>] and closes it.
    /// </summary>
    /// <returns>The length of the finished object, <paramref name="length"/> + <see cref="TailLength"/>.</returns>
    /// <exception cref="ArgumentException">The buffer has less than <see cref="TailLength"/> bytes left.</exception>
    public static int WriteTail(Span<byte> buffer, int length)
    {
        var tail = buffer[length..];
        SchemaField.CopyTo(tail);
        var checksum = Crc32C.Of(buffer[..(length + SchemaField.Length)]);
        ChecksumField.CopyTo(tail[SchemaField.Length..]);
        var digits = tail[(SchemaField.Length + ChecksumField.Length)..];
        Utf8Formatter.TryFormat(checksum, digits, out _, new('x', 8));
        End.CopyTo(digits[8..]);
        return length + TailLength;
    }

    /// <summary>Whether the JSON is undamaged and of this build's shape.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> json)
    {
        if (json.Length <= TailLength || !json.EndsWith(End))
            return false;
        var checksumStart = json.Length - End.Length - 8 - ChecksumField.Length;
        if (!json[checksumStart..].StartsWith(ChecksumField) || !json[..checksumStart].EndsWith(SchemaField))
            return false;
        var digits = json.Slice(checksumStart + ChecksumField.Length, 8);
        return Utf8Parser.TryParse(digits, out uint expected, out var read, 'x')
            && read == 8
            && expected == Crc32C.Of(json[..checksumStart]);
    }
}
