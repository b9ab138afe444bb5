using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace Overnight.Api.Audit;

/// <summary>A place in a list: the key of an item, as bytes. Each kind has a length of its own, so that one is never taken for another.</summary>
internal interface ICursor<TSelf>
    where TSelf : struct, ICursor<TSelf>
{
    static abstract int Bytes { get; }

    static abstract bool TryRead(ReadOnlySpan<byte> bytes, out TSelf cursor);

    void Write(Span<byte> bytes);
}

/// <summary>Cursors as clients see them, opaque: base64url.</summary>
internal static class CursorText
{
    private const int MaxBytes = 64;

    public static string Encode<TCursor>(TCursor cursor)
        where TCursor : struct, ICursor<TCursor>
    {
        Span<byte> bytes = stackalloc byte[TCursor.Bytes];
        cursor.Write(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryDecode<TCursor>(string text, out TCursor cursor)
        where TCursor : struct, ICursor<TCursor>
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[MaxBytes];
        // The decoder would skip white space, so the length and the characters are checked first.
        if (text.Length != Base64Url.GetEncodedLength(TCursor.Bytes) || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            return false;
        // Last bits that belong to no byte are refused as well: not what Encode wrote.
        var status = Base64Url.DecodeFromUtf8(Encoding.ASCII.GetBytes(text), bytes, out _, out var written);
        return status == OperationStatus.Done && written == TCursor.Bytes && TCursor.TryRead(bytes[..written], out cursor);
    }

    public static bool TryReadDate(ReadOnlySpan<byte> bytes, out DateOnly date)
    {
        var day = BinaryPrimitives.ReadInt32BigEndian(bytes);
        var known = day >= DateOnly.MinValue.DayNumber && day <= DateOnly.MaxValue.DayNumber;
        date = known ? DateOnly.FromDayNumber(day) : default;
        return known;
    }
}

/// <summary>Among runs, newest first.</summary>
internal readonly record struct RunCursor(long Number) : ICursor<RunCursor>
{
    public static int Bytes => 8;

    public void Write(Span<byte> bytes) => BinaryPrimitives.WriteInt64BigEndian(bytes, Number);

    public static bool TryRead(ReadOnlySpan<byte> bytes, out RunCursor cursor)
    {
        cursor = new(BinaryPrimitives.ReadInt64BigEndian(bytes));
        return true;
    }
}

/// <summary>Among the users of one run, by id.</summary>
internal readonly record struct UserCursor(Guid User) : ICursor<UserCursor>
{
    public static int Bytes => 16;

    public void Write(Span<byte> bytes) => User.TryWriteBytes(bytes, bigEndian: true, out _);

    public static bool TryRead(ReadOnlySpan<byte> bytes, out UserCursor cursor)
    {
        cursor = new(new Guid(bytes, bigEndian: true));
        return true;
    }
}

/// <summary>Among the nights of one user, newest first.</summary>
internal readonly record struct NightCursor(DateOnly BusinessDate, long RunNumber) : ICursor<NightCursor>
{
    public static int Bytes => 12;

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes, BusinessDate.DayNumber);
        BinaryPrimitives.WriteInt64BigEndian(bytes[4..], RunNumber);
    }

    public static bool TryRead(ReadOnlySpan<byte> bytes, out NightCursor cursor)
    {
        var known = CursorText.TryReadDate(bytes, out var date);
        cursor = new(date, BinaryPrimitives.ReadInt64BigEndian(bytes[4..]));
        return known;
    }
}

/// <summary>Among the calculations with one asset, newest night first, then batch and user from the highest.</summary>
internal readonly record struct PostingCursor(DateOnly BusinessDate, long RunNumber, int Batch, Guid User) : ICursor<PostingCursor>
{
    public static int Bytes => 32;

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes, BusinessDate.DayNumber);
        BinaryPrimitives.WriteInt64BigEndian(bytes[4..], RunNumber);
        BinaryPrimitives.WriteInt32BigEndian(bytes[12..], Batch);
        User.TryWriteBytes(bytes[16..], bigEndian: true, out _);
    }

    public static bool TryRead(ReadOnlySpan<byte> bytes, out PostingCursor cursor)
    {
        var known = CursorText.TryReadDate(bytes, out var date);
        cursor = new(
            date,
            BinaryPrimitives.ReadInt64BigEndian(bytes[4..]),
            BinaryPrimitives.ReadInt32BigEndian(bytes[12..]),
            new Guid(bytes[16..], bigEndian: true)
        );
        return known;
    }
}
