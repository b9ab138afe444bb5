using Microsoft.AspNetCore.Http.HttpResults;

namespace Overnight.Api.Problems;

/// <summary>400 for what a client sent: the errors by field, and the same in one sentence for a person.</summary>
internal static class InvalidRequest
{
    /// <param name="errors">What is wrong with each field, said so that it goes on from the field's name.</param>
    public static ValidationProblem Problem(IDictionary<string, string[]> errors, string title) =>
        TypedResults.ValidationProblem(
            errors,
            string.Join("; ", errors.SelectMany(field => field.Value.Select(error => $"{Shown.Short(field.Key)} {error}"))),
            title: title
        );

    public static ValidationProblem Problem(string field, string error, string title) =>
        Problem(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [error] }, title);
}
