using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Overnight.Core.Json;

/// <summary>
/// Finds and replaces halves of surrogate pairs in JSON from outside. JSON's escapes can spell one (<c>\ud83d</c> alone), which is no
/// character: parsers and PostgreSQL's type <c>json</c> accept it, and then fail when the text is used, or write text that no reader
/// accepts.
/// </summary>
public static class JsonSurrogates
{
    /// <summary>The error message for a text with half of a surrogate pair.</summary>
    public const string HalfPair = "must be Unicode text, without halves of surrogate pairs";

    private const int EscapeLength = 6;

    /// <summary>Whether no escape in a JSON text, or in the inside of a JSON string, is half of a surrogate pair.</summary>
    /// <param name="json">Valid JSON in UTF-8.</param>
    public static bool IsUnicode(ReadOnlySpan<byte> json) => FindHalfPair(json) < 0;

    /// <summary>Replaces halves of surrogate pairs by U+FFFD, in JSON that was stored before such text was refused.</summary>
    /// <param name="json">Valid JSON in UTF-8.</param>
    public static byte[] Repair(byte[] json)
    {
        ArgumentNullException.ThrowIfNull(json);
        if (IsUnicode(json))
            return json;
        var repaired = json.ToArray();
        for (int at = 0, next; (next = FindHalfPair(repaired.AsSpan(at))) >= 0; at += next + EscapeLength)
            "fffd"u8.CopyTo(repaired.AsSpan(at + next + 2));
        return repaired;
    }

    /// <inheritdoc cref="Repair(byte[])"/>
    public static string Repair(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return json.Contains('\\', StringComparison.Ordinal) ? Encoding.UTF8.GetString(Repair(Encoding.UTF8.GetBytes(json))) : json;
    }

    /// <summary>The path of the first half of a surrogate pair, as <c>input.assets[0].symbol</c>; null where there is none.</summary>
    /// <param name="json">Valid JSON in UTF-8.</param>
    public static string? PathOfHalfPair(ReadOnlySpan<byte> json)
    {
        var half = FindHalfPair(json);
        if (half < 0)
            return null;
        Utf8JsonReader reader = new(json);
        // For each open object its last name, for each open array the number of items so far.
        Stack<(string? Name, int Count)> path = new();
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                path.Pop();
                continue;
            }
            if (path.TryPop(out var parent))
            {
                path.Push(
                    reader.TokenType == JsonTokenType.PropertyName ? (Encoding.UTF8.GetString(reader.ValueSpan), 0)
                    : parent.Name is null ? (null, parent.Count + 1)
                    : parent
                );
            }
            if (reader.BytesConsumed > half)
                break;
            if (reader.TokenType == JsonTokenType.StartObject)
                path.Push(("", 0));
            else if (reader.TokenType == JsonTokenType.StartArray)
                path.Push((null, 0));
        }
        StringBuilder text = new();
        foreach (var (name, count) in path.Reverse())
            text.Append(
                name is null ? $"[{count - 1}]"
                : text.Length == 0 ? name
                : $".{name}"
            );
        return text.ToString();
    }

    /// <returns>Index of the first escape that is half of a pair; -1 where there is none.</returns>
    private static int FindHalfPair(ReadOnlySpan<byte> json)
    {
        for (var at = 0; ; )
        {
            var next = json[at..].IndexOf((byte)'\\');
            if (next < 0 || at + next + 2 > json.Length)
                return -1;
            at += next;
            if (CodeUnit(json[at..]) is not { } unit)
                at += 2;
            else if (!char.IsSurrogate((char)unit))
                at += EscapeLength;
            else if (
                char.IsHighSurrogate((char)unit)
                && CodeUnit(json[Math.Min(at + EscapeLength, json.Length)..]) is { } low
                && char.IsLowSurrogate((char)low)
            )
                at += 2 * EscapeLength;
            else
                return at;
        }
    }

    /// <summary>The UTF-16 code unit of an escape of the form <c>\u0041</c>; null for any other text.</summary>
    private static ushort? CodeUnit(ReadOnlySpan<byte> escape) =>
        escape.Length >= EscapeLength
        && escape[0] == '\\'
        && escape[1] == 'u'
        && Utf8Parser.TryParse(escape.Slice(2, 4), out ushort unit, out var read, 'x')
        && read == 4
            ? unit
            : null;
}
