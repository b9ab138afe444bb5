using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Audit;
using Overnight.Api.Problems;
using Overnight.Core.Explanations;
using Overnight.Core.Portfolios;

namespace Overnight.Api.Explanations;

/// <summary>Why a result is not explained.</summary>
internal static class ExplanationProblems
{
    private const string Title = "Result not found";

    public static ProblemHttpResult NotFound(Guid user, Guid? run, bool isOwn) =>
        TypedResults.Problem(
            (run, isOwn) switch
            {
                (null, true) => "You have no result in force: no night has computed your portfolio yet.",
                (null, false) => $"User {user:D} has no result in force.",
                (_, true) => $"You have no result of run {run:D}; {CalculationRoutes.Path} lists the runs that computed or failed yours.",
                _ => $"Run {run:D} has no result of user {user:D}; {CalculationRoutes.Path}?user={user:D} lists the runs that have.",
            },
            statusCode: StatusCodes.Status404NotFound,
            title: Title
        );

    public static ProblemHttpResult NoSuchAsset(Guid asset, Guid run) =>
        TypedResults.Problem(
            $"The result of run {run:D} has no holding of asset {asset:D}.",
            statusCode: StatusCodes.Status404NotFound,
            title: "Holding not found"
        );

    public static ValidationProblem WrongOrder(CapturedCalculation before, CapturedCalculation after) =>
        InvalidRequest.Problem(
            "before",
            $"must be the earlier of the two runs; {before.RunId:D} is of {before.BusinessDate:yyyy-MM-dd}, number {before.Number}, "
                + $"and after, {after.RunId:D}, is of {after.BusinessDate:yyyy-MM-dd}, number {after.Number}",
            "The question is not valid"
        );

    /// <summary>A result of rules that this build does not have, or whose criteria were erased.</summary>
    public static ProblemHttpResult NotCalculable(CalculationException exception) =>
        TypedResults.Problem(
            exception.Message,
            statusCode: StatusCodes.Status422UnprocessableEntity,
            title: "The result can't be calculated again",
            extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["reason"] = exception.Reason }
        );

    public static ProblemHttpResult Unreadable(Exception exception) =>
        TypedResults.Problem(
            exception.Message,
            statusCode: StatusCodes.Status500InternalServerError,
            title: "The stored events can't be read"
        );

    public static ProblemHttpResult TooLong(HttpContext context, TimeSpan limit)
    {
        context.Response.Headers.RetryAfter = ProblemHandler.RetryAfter;
        return TypedResults.Problem(
            $"The search for what would have made this holding first took longer than Explanations:SearchTimeout, {limit.TotalSeconds} s. "
                + "The explanation without it is at the same address without the asset.",
            statusCode: StatusCodes.Status503ServiceUnavailable,
            title: "Not found in time"
        );
    }

    public static ProblemHttpResult Busy(HttpContext context)
    {
        context.Response.Headers.RetryAfter = ProblemHandler.RetryAfter;
        return TypedResults.Problem(
            "Another search of yours for what would have made a holding first is under way, and there is one at a time for each user. "
                + "The explanation without it is at the same address without the asset.",
            statusCode: StatusCodes.Status429TooManyRequests,
            title: "A search is under way"
        );
    }
}
