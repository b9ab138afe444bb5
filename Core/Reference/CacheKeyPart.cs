using System.Globalization;
using System.Text;

namespace Overnight.Core.Reference;

/// <summary>
/// A named part of a key, such as <c>page:1</c>. A value from outside is validated and normalised to the one form it has in keys and in
/// queries, so that equal requests have one key, and no value can forge another key.
/// </summary>
/// <param name="Name">The name in the key and in the query string.</param>
/// <param name="Default">The value when it is left out; null when it must be given.</param>
/// <param name="Must">The rule for values, as it follows "must be" in an error message.</param>
/// <param name="Normalise">Returns the value in its one form; null when it is invalid.</param>
public sealed record CacheKeyPart(string Name, string? Default, string Must, Func<string, string?> Normalise)
{
    /// <summary>The newest value, or on a day the last one of that day.</summary>
    public const string Latest = "latest";

    /// <summary>The financial period that contains today, and the one before it.</summary>
    public const string Current = "current",
        Previous = "previous";

    /// <summary>Limits of values. Text is limited before and after percent-encoding, because a character can take nine in a key.</summary>
    public const int MostPages = 100_000,
        MostItems = 500,
        MostText = 64,
        MostEncoded = 400;

    /// <summary>The default page size; pages of this size are warmed.</summary>
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

    /// <param name="otherwise">The value when it is left out; null when it must be given.</param>
    public static CacheKeyPart Number(string name, int least, int most, int? otherwise) =>
        new(name, otherwise?.ToString(CultureInfo.InvariantCulture), $"a whole number from {least} to {most}", text =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? $"{number}"
                : null
        );

    /// <summary>Any text that a tenant uses as an identifier; it is percent-encoded in the key, and compared as it is.</summary>
    public static CacheKeyPart Text(string name) =>
        new(name, null, $"1 to {MostText} characters, at most {MostEncoded} when percent-encoded, none of them a control character", text =>
            IsText(text) ? text : null
        );

    /// <returns>The normalised value; null when it is missing or invalid, and then <paramref name="error"/> says why.</returns>
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

    // Half of a surrogate pair has no UTF-8; all halves would be encoded alike, as one key.
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
