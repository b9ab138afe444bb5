using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Problems;

namespace Overnight.Api.Sessions;

/// <summary>Ids of sessions in paths and cursors: the hash of the token.</summary>
internal static class SessionIds
{
    private const int Length = 64;

    public static bool IsId(string? id) => id is { Length: Length } && id.All(char.IsAsciiHexDigitLower);

    public static ValidationProblem Problem(string given) =>
        InvalidRequest.Problem(
            "id",
            $"must be {Length} lowercase hexadecimal digits, and is '{DisplayText.Short(given)}'",
            "The session asked for is not valid"
        );

    public static ProblemHttpResult NotFound(string id) =>
        TypedResults.Problem($"There is no session {id}.", statusCode: StatusCodes.Status404NotFound, title: "Session not found");
}
