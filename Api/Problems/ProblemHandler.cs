using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Api.Problems;

/// <summary>The one place that turns an exception into an answer.</summary>
internal sealed partial class ProblemHandler(ILogger<ProblemHandler> logger) : IExceptionHandler
{
    /// <summary>What a client is asked to wait while PostgreSQL is away, in seconds.</summary>
    private const string RetryAfter = "5";

    /// <summary>Exceptions that say something about the request or the surroundings, not about our code.</summary>
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
                "The cache does not answer, and this is about nothing else. Try again in a few seconds.",
                statusCode: StatusCodes.Status503ServiceUnavailable,
                title: "Temporarily unavailable"
            );
        }
        else if (DatabaseOutage.Is(exception))
        {
            Log.DatabaseAway(logger, httpContext.Request.Method, httpContext.GetEndpoint()?.DisplayName, exception.Message);
            httpContext.Response.Headers.RetryAfter = RetryAfter;
            answer = TypedResults.Problem(
                "The database does not answer, and the cache has no answer either. Try again in a few seconds.",
                statusCode: StatusCodes.Status503ServiceUnavailable,
                title: "Temporarily unavailable"
            );
        }
        else
        {
            // The middleware has logged it with its stack; the client learns only where to look.
            answer = TypedResults.Problem(
                "The error is in the log under this trace id.",
                statusCode: StatusCodes.Status500InternalServerError,
                title: "Something went wrong here"
            );
        }
        await answer.ExecuteAsync(httpContext);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(301, LogLevel.Warning, "{Method} {Endpoint}: PostgreSQL does not answer, {Reason}")]
        public static partial void DatabaseAway(ILogger logger, string method, string? endpoint, string reason);
    }
}
