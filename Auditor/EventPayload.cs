namespace Overnight.Auditor;

/// <summary>
/// Reads the few fields of events that an audit needs: a version byte, then numbers as unsigned LEB128, ids of 16 bytes, text after its
/// length, times of 8 bytes.
/// </summary>
internal static class EventPayload
{
    private const int IdLength = 16,
        TimeLength = 8,
        SaltLength = 16;

    /// <summary>The random bytes of CALC_STARTED; null in its first form, which has none, and in a damaged one.</summary>
    public static byte[]? Salt(ReadOnlySpan<byte> started)
    {
        if (started is not [2, ..])
            return null;
        var at = 1;
        Varint(started, ref at);
        return started.Length == at + SaltLength ? started[at..].ToArray() : null;
    }

    /// <summary>The criteria version that INPUTS_CAPTURED names.</summary>
    public static Guid Criteria(ReadOnlySpan<byte> inputs) => new(inputs.Slice(Head(inputs) + IdLength, IdLength), bigEndian: true);

    /// <summary>The contribution that INPUTS_CAPTURED names; null when none is planned.</summary>
    public static decimal? Contribution(ReadOnlySpan<byte> inputs)
    {
        var at = Head(inputs) + 2 * IdLength;
        Varint(inputs, ref at);
        var currency = (int)Varint(inputs, ref at);
        at += currency + TimeLength;
        if (inputs[at++] == 0)
            return null;
        var zigzag = Varint(inputs, ref at);
        return ((long)(zigzag >> 1) ^ -(long)(zigzag & 1)) / 10_000m;
    }

    /// <returns>Where the id of the market snapshot begins.</returns>
    private static int Head(ReadOnlySpan<byte> inputs)
    {
        var at = 1;
        Varint(inputs, ref at);
        // The second form names the version of the result's writer.
        if (inputs[0] > 1)
            Varint(inputs, ref at);
        return at;
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var one = bytes[at++];
            value |= (ulong)(one & 0x7f) << shift;
            if (one < 0x80)
                break;
        }
        return value;
    }
}
