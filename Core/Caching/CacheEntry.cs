using System.Buffers.Text;

namespace Overnight.Core.Caching;

/// <summary>
/// The frame of a cached JSON object: it ends with its shape and a checksum, and one of a user begins with
/// <c>{"userId":"..."</c>, so that an entry of another shape, of another user, or with damage is recognised without
/// parsing it, and is a miss.
/// </summary>
/// <remarks>
/// The tail is <c>,"schema":1,"checksum":"0a1b2c3d"}</c>; the checksum is the CRC-32C of every byte before its comma,
/// as eight lowercase hex digits.
/// </remarks>
public static class CacheEntry
{
    /// <summary>The shape of the entries this build writes; raise it when a field is renamed, removed or retyped.</summary>
    public const int Schema = 1;

    /// <summary>Length in bytes of what <see cref="WriteTail"/> appends.</summary>
    public const int TailLength = 34;

    private static ReadOnlySpan<byte> SchemaField => ",\"schema\":1"u8;
    private static ReadOnlySpan<byte> ChecksumField => ",\"checksum\":\""u8;
    private static ReadOnlySpan<byte> End => "\"}"u8;
    private static ReadOnlySpan<byte> Start => "{\"userId\":\""u8;

    /// <summary>Appends shape and checksum to the open object in <paramref name="buffer"/>[..<paramref name="length"/>] and closes it.</summary>
    /// <returns>The length of the finished entry, <paramref name="length"/> + <see cref="TailLength"/>.</returns>
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

    /// <summary>Whether the entry is whole, of this build's shape, and of this user.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> entry, Guid userId)
    {
        if (entry.Length < Start.Length + 36 + TailLength || !entry.StartsWith(Start) || !entry.EndsWith(End))
            return false;
        if (!Utf8Parser.TryParse(entry.Slice(Start.Length, 36), out Guid owner, out var consumed) || consumed != 36 || owner != userId)
            return false;
        return IsIntact(entry);
    }

    /// <summary>Whether the entry is whole and of this build's shape; whose it is, is not looked at.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> entry)
    {
        if (entry.Length <= TailLength || !entry.EndsWith(End))
            return false;
        var checksumStart = entry.Length - End.Length - 8 - ChecksumField.Length;
        if (!entry[checksumStart..].StartsWith(ChecksumField) || !entry[..checksumStart].EndsWith(SchemaField))
            return false;
        var digits = entry.Slice(checksumStart + ChecksumField.Length, 8);
        return Utf8Parser.TryParse(digits, out uint expected, out var read, 'x')
            && read == 8
            && expected == Crc32C.Of(entry[..checksumStart]);
    }
}
