using Microsoft.AspNetCore.Http.HttpResults;

namespace Overnight.Api.Problems;

/// <summary>Answers an invalid request with 400: the errors by field, and the same errors in one sentence.</summary>
internal static class InvalidRequest
{
    /// <summary>Largest number of fields that an answer names, so that a request full of unknown fields gets no answer many times as
    /// long.</summary>
    private const int MostFields = 20;

    /// <param name="errors">Errors by field, each a phrase that continues after the field's name, such as "must be given once".</param>
    public static ValidationProblem Problem(IDictionary<string, string[]> errors, string title)
    {
        var shown = errors
            .Take(MostFields)
            .GroupBy(field => DisplayText.Short(field.Key), field => field.Value, StringComparer.Ordinal)
            .ToDictionary(field => field.Key, field => field.First(), StringComparer.Ordinal);
        var sentence = string.Join("; ", shown.SelectMany(field => field.Value.Select(error => $"{field.Key} {error}")));
        return TypedResults.ValidationProblem(shown, errors.Count > MostFields ? $"{sentence}; and more" : sentence, title: title);
    }

    public static ValidationProblem Problem(string field, string error, string title) =>
        Problem(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [error] }, title);
}
