using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Problems;

namespace Overnight.Api.Audit;

/// <summary>Why a calculation is not shown.</summary>
internal static class CalculationProblems
{
    public static ProblemHttpResult NotFound(string run, string user) =>
        TypedResults.Problem(
            $"Run {run} has no calculation of user {user}; {CalculationRoutes.Path}?run={run} lists those it has.",
            statusCode: StatusCodes.Status404NotFound,
            title: "Calculation not found"
        );

    /// <summary>The same for a calculation of another user and for one that is not there.</summary>
    public static ProblemHttpResult NotOwn =>
        TypedResults.Problem(
            $"You have no such calculation; {CalculationRoutes.Path} lists yours.",
            statusCode: StatusCodes.Status404NotFound,
            title: "Calculation not found"
        );

    public static ProblemHttpResult ForAdministrators =>
        TypedResults.Problem(
            $"asset and run are for administrators; {CalculationRoutes.Path} without them lists your own calculations.",
            statusCode: StatusCodes.Status403Forbidden,
            title: "Not allowed"
        );

    public static ProblemHttpResult NotRecorded(HttpContext context)
    {
        context.Response.Headers.RetryAfter = ProblemHandler.RetryAfter;
        return TypedResults.Problem(
            "Its user is told who opens a result, and this could not be recorded. Try again in a few seconds.",
            statusCode: StatusCodes.Status503ServiceUnavailable,
            title: "Not opened"
        );
    }
}
