using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Overnight.Api.Problems;

/// <summary>Ids in a path: one that can't be is told so, for 404 would say that it was looked for.</summary>
internal static class InvalidId
{
    public static string Rule(string given) => $"must be an id such as 019a0000-0000-7000-8000-000000000001, and is '{Shown.Short(given)}'";

    /// <param name="given">The part of the path named <c>id</c>.</param>
    public static bool TryRead(string given, out Guid id, [NotNullWhen(false)] out ValidationProblem? problem)
    {
        problem = Guid.TryParseExact(given, "D", out id) ? null : InvalidRequest.Problem("id", Rule(given), "The id is not valid");
        return problem is null;
    }
}
