using System.Globalization;

namespace Overnight.Core;

/// <summary>Reads moments that people and programs give: ISO 8601 with a zone, since a local time without one could be anybody's.</summary>
public static class UtcMoment
{
    public const string Rule = "must be a moment with its zone, such as 2026-12-24T06:00Z or 2026-12-24T01:00-05:00";

    private static readonly string[] Forms = ["yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    public static bool TryRead(string? text, out DateTimeOffset moment)
    {
        moment = default;
        // Without a zone the parser would take this machine's.
        if (text is null || !(text.EndsWith('Z') || (text.Length > 6 && text[^3] == ':' && text[^6] is '+' or '-')))
            return false;
        if (!DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var read))
            return false;
        moment = read.ToUniversalTime();
        return true;
    }
}
