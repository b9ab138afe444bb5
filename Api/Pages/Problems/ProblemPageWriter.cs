using Microsoft.AspNetCore.WebUtilities;
using Overnight.Api.Pages.Layout;

namespace Overnight.Api.Pages.Problems;

/// <summary>An error as its page shows it.</summary>
/// <param name="Again">Address to try again, for an error that may pass; null for others.</param>
/// <param name="Trace">Id to find the error by in the log; null where the client made it.</param>
public sealed record ProblemViewModel(int Status, string Title, string Detail, string? Again, string? Trace);

/// <summary>Answers errors as pages where the client asked for HTML. It is asked before the writer of JSON.</summary>
internal sealed class ProblemPageWriter : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => context.HttpContext.Request.WantsHtml();

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var http = context.HttpContext;
        var problem = context.ProblemDetails;
        var status = problem.Status ?? http.Response.StatusCode;
        ProblemViewModel view = new(
            status,
            Title(problem.Title, status),
            problem.Detail ?? "",
            MayPass(status) && HttpMethods.IsGet(http.Request.Method) ? HtmlRequests.Here(http.Request) : null,
            status == StatusCodes.Status500InternalServerError
                ? System.Diagnostics.Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier
                : null
        );
        var frame = http.RequestServices.GetRequiredService<PageFrames>().Of(http);
        await new PageResult<ProblemPage>(frame, view, status).ExecuteAsync(http);
    }

    /// <summary>Phrases of HTTP have capitals that no other heading has.</summary>
    private static string Title(string? title, int status) =>
        title is not { Length: > 0 } ? "Something is wrong"
        : title == ReasonPhrases.GetReasonPhrase(status) ? $"{title[0]}{title[1..].ToLowerInvariant()}"
        : title;

    private static bool MayPass(int status) =>
        status is StatusCodes.Status429TooManyRequests or >= StatusCodes.Status500InternalServerError;
}
