using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Problems;

namespace Overnight.Api.Paging;

/// <summary>Errors of query parameters, by field.</summary>
internal sealed class QueryErrors
{
    private readonly Dictionary<string, string[]> _errors = new(StringComparer.Ordinal);

    public bool Any => _errors.Count > 0;

    /// <summary>The errors by field, for a form that shows each beside its field.</summary>
    public IDictionary<string, string[]> ByField => _errors;

    public bool IsOf(string field) => _errors.ContainsKey(field);

    public void Add(string field, string error) => _errors[field] = [error];

    public ValidationProblem ToProblem() => InvalidRequest.Problem(_errors, "The question is not valid");
}
