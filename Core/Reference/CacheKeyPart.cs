using System.Globalization;
using System.Text;

namespace Overnight.Core.Reference;

/// <summary>
/// A named part of a key, such as <c>page:1</c>. A value from outside is checked and brought into the one form it has in
/// keys and in queries, so that a question has one key, and no value can be another key's.
/// </summary>
/// <param name="Name">As in the key and in the query string.</param>
/// <param name="Default">When left out; null when it may not be.</param>
/// <param name="Must">What a value must be, for the message to one who sent another.</param>
/// <param name="Normalise">The value in its one form; null when it is none.</param>
public sealed record CacheKeyPart(string Name, string? Default, string Must, Func<string, string?> Normalise)
{
    /// <summary>The latest known, or the last one on a day.</summary>
    public const string Latest = "latest";

    /// <summary>The period that today is in, and the one before.</summary>
    public const string Current = "current",
        Previous = "previous";

    /// <summary>A text is measured as it is and as it stands in the key, where a character may take nine.</summary>
    public const int MostPages = 100_000,
        MostItems = 500,
        MostText = 64,
        MostEncoded = 400;

    /// <summary>Entries of the default page size are the ones that are warmed.</summary>
    public const int PageSize = 100;

    private static readonly DateOnly FirstDay = new(2000, 1, 1),
        LastDay = new(2099, 12, 31);

    public static CacheKeyPart Currency(string name) =>
        new(name, null, "a currency of three letters from A to Z, such as EUR", text =>
            text.Length == 3 && text.All(char.IsAsciiLetterUpper) ? text : null
        );

    public static CacheKeyPart Day(string name) =>
        new(name, Latest, $"{Latest}, or a day from {FirstDay:yyyy-MM-dd} to {LastDay:yyyy-MM-dd}", text =>
            text == Latest || IsDay(text) ? text : null
        );

    public static CacheKeyPart Period(string name) =>
        new(name, Current, $"{Current}, {Previous}, or a period such as 2026-11", text =>
            text is Current or Previous || (text.Length == 7 && IsDay($"{text}-01")) ? text : null
        );

    public static CacheKeyPart Id(string name) =>
        new(name, null, "an id such as 019a0000-0000-7000-8000-000000000001", text =>
            Guid.TryParseExact(text, "D", out var id) ? id.ToString("D") : null
        );

    public static CacheKeyPart Number(string name, int least, int most, int otherwise) =>
        new(name, $"{otherwise}", $"a whole number from {least} to {most}", text =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? $"{number}"
                : null
        );

    /// <summary>Whatever a tenant calls its things; it is percent-encoded in the key, and compared as it is.</summary>
    public static CacheKeyPart Text(string name) =>
        new(name, null, $"1 to {MostText} characters, at most {MostEncoded} when percent-encoded, none of them a control character", text =>
            IsText(text) ? text : null
        );

    /// <returns>The value; null when it is missing or wrong, and then what to tell.</returns>
    public string? Read(string? given, out string error)
    {
        error = "";
        if (given is null && Default is null)
            error = $"must be given, as {Must}";
        else if (given is null)
            return Default;
        else if (Normalise(given) is { } value)
            return value;
        else
            error =
                $"must be {Must}, not '{(given.Length > MostText ? $"{given[..MostText]}..' ({given.Length} characters)" : $"{given}'")}";
        return null;
    }

    private static bool IsDay(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
        && day >= FirstDay
        && day <= LastDay;

    // A half of a surrogate pair has no UTF-8, and would be encoded like any other half.
    private static bool IsText(string text)
    {
        if (text.Length is 0 or > MostText)
            return false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar || Rune.IsControl(rune))
                return false;
        }
        return Uri.EscapeDataString(text).Length <= MostEncoded;
    }
}
