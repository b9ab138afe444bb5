using Microsoft.AspNetCore.Http.HttpResults;

namespace Overnight.Api.Problems;

/// <summary>Answers an invalid request with 400: the errors by field, and the same errors in one sentence.</summary>
internal static class InvalidRequest
{
    /// <param name="errors">Errors by field, each a phrase that continues after the field's name, such as "must be given once".</param>
    public static ValidationProblem Problem(IDictionary<string, string[]> errors, string title) =>
        TypedResults.ValidationProblem(
            errors,
            string.Join("; ", errors.SelectMany(field => field.Value.Select(error => $"{DisplayText.Short(field.Key)} {error}"))),
            title: title
        );

    public static ValidationProblem Problem(string field, string error, string title) =>
        Problem(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [error] }, title);
}
