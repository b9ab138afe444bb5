using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Overnight.Api.Problems;

/// <summary>Answers an id in a path that can't be parsed with 400, because 404 would say that it was looked up.</summary>
internal static class InvalidId
{
    public static string Rule(string given) =>
        $"must be an id such as 019a0000-0000-7000-8000-000000000001, and is '{DisplayText.Short(given)}'";

    /// <param name="given">The route value <c>id</c>.</param>
    public static bool TryRead(string given, out Guid id, [NotNullWhen(false)] out ValidationProblem? problem)
    {
        problem = Guid.TryParseExact(given, "D", out id) ? null : InvalidRequest.Problem("id", Rule(given), "The id is not valid");
        return problem is null;
    }
}
