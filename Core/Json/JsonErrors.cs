using System.Globalization;
using System.Text.Json;

namespace Overnight.Core.Json;

/// <summary>Words a parser's errors for people.</summary>
public static class JsonErrors
{
    /// <summary>
    /// What a parser found wrong and where, for people: <c>'}' is an invalid start of a value, line 1, byte 9</c>, both counted from 1. The
    /// parser's own message counts from 0 and ends in a list of its properties.
    /// </summary>
    public static string Describe(JsonException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var own = exception.Message.AsSpan();
        foreach (var property in (ReadOnlySpan<string>)[" Path: ", " LineNumber: "])
        {
            if (own.IndexOf(property, StringComparison.Ordinal) is >= 0 and var end)
                own = own[..end];
        }
        var reason = own.TrimEnd('.').ToString();
        return exception is { LineNumber: { } line, BytePositionInLine: { } position }
            ? string.Create(CultureInfo.InvariantCulture, $"{reason}, line {line + 1}, byte {position + 1}")
            : reason;
    }
}
