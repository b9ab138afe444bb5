using System.Globalization;
using Overnight.Api.Problems;

namespace Overnight.Api.Paging;

/// <summary>Reads query parameters; each adds an error for a text that it can't read.</summary>
internal static class QueryFields
{
    public static Guid? Id(this QueryErrors errors, string field, string? text)
    {
        if (text is null)
            return null;
        if (Guid.TryParseExact(text, "D", out var id))
            return id;
        errors.Add(field, InvalidId.Rule(text));
        return null;
    }

    public static DateOnly? Date(this QueryErrors errors, string field, string? text)
    {
        if (text is null)
            return null;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return date;
        errors.Add(field, $"must be a day of the calendar as yyyy-MM-dd, not '{DisplayText.Short(text)}'");
        return null;
    }

    public static string? OneOf(this QueryErrors errors, string field, string? text, params ReadOnlySpan<string> known)
    {
        if (text is null || known.Contains(text))
            return text;
        errors.Add(field, $"must be one of {string.Join(", ", known.ToArray())}; it is '{DisplayText.Short(text)}'");
        return null;
    }

    /// <param name="usual">Where it is left out, or not valid.</param>
    public static int WholeNumber(this QueryErrors errors, string field, string? text, int most, int usual)
    {
        if (text is null)
            return usual;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most)
            return number;
        errors.Add(field, $"must be a whole number from 1 to {most}, not '{DisplayText.Short(text)}'");
        return usual;
    }
}
