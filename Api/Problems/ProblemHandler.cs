using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Api.Problems;

/// <summary>Turns every exception that reaches the end of the pipeline into ProblemDetails.</summary>
internal sealed class ProblemHandler(DatabaseState database) : IExceptionHandler
{
    /// <summary>Value of Retry-After while PostgreSQL is away, in seconds.</summary>
    public const string RetryAfter = "5";

    /// <summary>Whether an exception is due to the request or to a lost server, so that it is not logged as an error of the code.</summary>
    public static bool IsExpected(Exception exception) =>
        exception is BadHttpRequestException or CacheAwayException || DatabaseOutage.Is(exception);

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        ProblemHttpResult answer;
        if (exception is BadHttpRequestException bad)
        {
            answer = TypedResults.Problem(bad.Message, statusCode: bad.StatusCode, title: "The request can't be read");
        }
        else if (exception is CacheAwayException)
        {
            httpContext.Response.Headers.RetryAfter = RetryAfter;
            answer = TypedResults.Problem(
                "The cache does not answer, and this request is about the cache alone. Try again in a few seconds.",
                statusCode: StatusCodes.Status503ServiceUnavailable,
                title: "Temporarily unavailable"
            );
        }
        else if (database.IsAway(exception))
        {
            httpContext.Response.Headers.RetryAfter = RetryAfter;
            answer = TypedResults.Problem(
                DatabaseOutage.IsReadOnly(exception)
                    ? "The database takes no changes at the moment; nothing was changed. Try again in a few seconds."
                    : "The database does not answer, and the cache has no answer either. Try again in a few seconds.",
                statusCode: StatusCodes.Status503ServiceUnavailable,
                title: "Temporarily unavailable"
            );
        }
        else
        {
            // The middleware has logged the exception with its stack; the client gets only the trace id to find it by.
            answer = TypedResults.Problem(
                "The error is in the log under this trace id.",
                statusCode: StatusCodes.Status500InternalServerError,
                title: "Something went wrong here"
            );
        }
        await answer.ExecuteAsync(httpContext);
        return true;
    }
}
