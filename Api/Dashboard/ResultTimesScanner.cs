using System.Buffers.Text;
using Overnight.Core.Market.Calendars;

namespace Overnight.Api.Dashboard;

/// <summary>
/// The few fields of a stored entry that the dashboard repeats, found in its bytes without parsing it. The entry is in
/// canonical order and intact: <c>{"userId":..,"generatedAt":..,</c> at the start and <c>"dataFreshness":{..}</c> near the
/// end. A user's text can't be mistaken for either, since quotes inside a string are escaped.
/// </summary>
/// <remarks>Each field is its JSON token, quotes included; <c>null</c> when it is not there.</remarks>
internal readonly ref struct ResultTimesScanner
{
    // An ISO time in quotes is 26 to 35 bytes; a longer token is not a time.
    private const int LongestToken = 40;

    public ReadOnlySpan<byte> GeneratedAt { get; }
    public ReadOnlySpan<byte> PricesAsOf { get; }
    public ReadOnlySpan<byte> RatesAsOf { get; }
    private readonly ReadOnlySpan<byte> _pricesStale,
        _ratesStale,
        _staleSince;

    public ResultTimesScanner(ReadOnlySpan<byte> entry)
    {
        GeneratedAt = Token(entry, "\"generatedAt\":"u8);
        var start = entry.LastIndexOf("\"dataFreshness\":{"u8);
        var freshness = start < 0 ? default : entry[start..];
        var end = freshness.IndexOf((byte)'}');
        freshness = end < 0 ? default : freshness[..(end + 1)];
        PricesAsOf = Token(freshness, "\"pricesAsOf\":"u8);
        RatesAsOf = Token(freshness, "\"ratesAsOf\":"u8);
        _pricesStale = Token(freshness, "\"pricesStale\":"u8);
        _ratesStale = Token(freshness, "\"ratesStale\":"u8);
        _staleSince = Token(freshness, "\"staleSince\":"u8);
    }

    public ResultTimes Times() =>
        new(
            Time(GeneratedAt),
            Time(PricesAsOf),
            Time(RatesAsOf),
            _pricesStale.SequenceEqual("true"u8),
            _ratesStale.SequenceEqual("true"u8),
            Time(_staleSince)
        );

    /// <summary>The moment in an ISO 8601 UTC token such as <c>"2026-11-21T03:12:45.123Z"</c>.</summary>
    public static DateTimeOffset? Time(ReadOnlySpan<byte> token)
    {
        // Utf8Parser's round-trip form wants seven digits of a second, so the whole seconds are read as written and the rest is dropped.
        if (
            token.Length < 21
            || token[0] != '"'
            || token[5] != '-'
            || token[8] != '-'
            || token[11] != 'T'
            || token[14] != ':'
            || token[17] != ':'
        )
            return null;
        if (
            !Number(token, 1, 4, out var year)
            || !Number(token, 6, 2, out var month)
            || !Number(token, 9, 2, out var day)
            || !Number(token, 12, 2, out var hour)
            || !Number(token, 15, 2, out var minute)
            || !Number(token, 18, 2, out var second)
        )
            return null;
        if (
            year < 1
            || month is < 1 or > 12
            || day < 1
            || day > DateTime.DaysInMonth(year, month)
            || hour > 23
            || minute > 59
            || second > 59
        )
            return null;
        return new(year, month, day, hour, minute, second, TimeSpan.Zero);

        static bool Number(ReadOnlySpan<byte> text, int start, int length, out int value) =>
            Utf8Parser.TryParse(text.Slice(start, length), out value, out var consumed) && consumed == length && value >= 0;
    }

    private static ReadOnlySpan<byte> Token(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var at = json.IndexOf(name);
        if (at < 0)
            return "null"u8;
        var rest = json[(at + name.Length)..];
        var end = rest.IndexOfAny((byte)',', (byte)'}');
        return end is > 0 and <= LongestToken ? rest[..end] : "null"u8;
    }
}
