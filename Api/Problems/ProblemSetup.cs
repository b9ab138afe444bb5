using Microsoft.AspNetCore.WebUtilities;
using Overnight.Api.Pages;
using Overnight.Api.Pages.Problems;

namespace Overnight.Api.Problems;

/// <summary>
/// Every error leaves as ProblemDetails, or as a page where the client asks for HTML: unknown routes, wrong methods, bad bodies, lost
/// servers.
/// </summary>
internal static class ProblemSetup
{
    public static void AddProblems(this WebApplicationBuilder builder)
    {
        // Registered before the JSON writer, which would answer requests for HTML as well.
        builder.Services.AddSingleton<IProblemDetailsWriter, ProblemPageWriter>();
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<ProblemHandler>();
    }

    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler(
            new ExceptionHandlerOptions
            {
                // Never reached, since ProblemHandler answers everything; the middleware refuses to start without it.
                ExceptionHandler = static context => WriteStatusAsync(context),
                SuppressDiagnosticsCallback = static context => ProblemHandler.IsExpected(context.Exception),
            }
        );
        app.UseStatusCodePages(static context => WriteStatusAsync(context.HttpContext));
    }

    private static Task WriteStatusAsync(HttpContext context)
    {
        var status = context.Response.StatusCode;
        return TypedResults
            .Problem(Detail(context, status), statusCode: status, title: ReasonPhrases.GetReasonPhrase(status))
            .ExecuteAsync(context);
    }

    private static string Detail(HttpContext context, int status) =>
        status switch
        {
            StatusCodes.Status404NotFound when context.Request.WantsHtml() => "There is no page at this address.",
            StatusCodes.Status404NotFound => "Nothing is served at this address; /openapi/v1.json lists what is.",
            StatusCodes.Status405MethodNotAllowed =>
                $"{DisplayText.Short(context.Request.Method)} is not served here; the Allow header says what is.",
            StatusCodes.Status415UnsupportedMediaType => "Send application/json.",
            _ => "The request can't be answered as it is; the status says why.",
        };
}
