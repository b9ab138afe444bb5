using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Overnight.Api.Audit;

/// <summary>A place in the list of runs, newest first: the last run of the page before. Opaque to clients: base64url of time and id.</summary>
internal readonly record struct RunCursor(DateTimeOffset StartedAt, Guid Id)
{
    private const int Bytes = 24;
    private const int Length = 32;

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, StartedAt.UtcTicks);
        Id.TryWriteBytes(bytes[8..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryParse(string text, out RunCursor cursor)
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[Bytes];
        // The decoder would skip white space, so the length and the characters are checked first.
        if (text.Length != Length || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) return false;
        if (!Base64Url.TryDecodeFromUtf8(Encoding.ASCII.GetBytes(text), bytes, out var written) || written != Bytes) return false;
        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (ticks < DateTimeOffset.UnixEpoch.Ticks || ticks > DateTimeOffset.MaxValue.Ticks) return false;
        cursor = new(new(ticks, TimeSpan.Zero), new Guid(bytes[8..], bigEndian: true));
        return true;
    }
}

/// <summary>What a client asked of a list: <c>?limit=&amp;cursor=</c>.</summary>
internal readonly record struct RunPage(int Limit, RunCursor? After)
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;

    /// <summary>Reads both, and says of each what is wrong with it.</summary>
    public static bool TryParse(string? limit, string? cursor, out RunPage page, out Dictionary<string, string[]> errors)
    {
        errors = new(StringComparer.Ordinal);
        var size = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > MaxLimit))
        {
            errors["limit"] = [$"must be a whole number from 1 to {MaxLimit}"];
        }

        RunCursor? after = null;
        if (cursor is not null)
        {
            if (RunCursor.TryParse(cursor, out var parsed)) after = parsed;
            else errors["cursor"] = ["must be the nextCursor of an earlier answer, unchanged"];
        }
        page = new(size, after);
        return errors.Count == 0;
    }
}
