using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Problems;

namespace Overnight.Api.Paging;

/// <summary>Reads query parameters and collects their errors by field.</summary>
internal sealed class QueryErrors
{
    private readonly Dictionary<string, string[]> _errors = new(StringComparer.Ordinal);

    public bool Any => _errors.Count > 0;

    /// <summary>The errors by field, for a form that shows each beside its field.</summary>
    public IDictionary<string, string[]> ByField => _errors;

    public bool IsOf(string field) => _errors.ContainsKey(field);

    public void Add(string field, string error) => _errors[field] = [error];

    public ValidationProblem ToProblem() => InvalidRequest.Problem(_errors, "The question is not valid");

    public Guid? Id(string field, string? text)
    {
        if (text is null)
            return null;
        if (Guid.TryParseExact(text, "D", out var id))
            return id;
        Add(field, InvalidId.Rule(text));
        return null;
    }

    public DateOnly? Date(string field, string? text)
    {
        if (text is null)
            return null;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return date;
        Add(field, "must be a day of the calendar as yyyy-MM-dd");
        return null;
    }

    public string? OneOf(string field, string? text, params ReadOnlySpan<string> known)
    {
        if (text is null || known.Contains(text))
            return text;
        Add(field, $"must be one of {string.Join(", ", known.ToArray())}");
        return null;
    }
}
