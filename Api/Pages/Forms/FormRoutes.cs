using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Overnight.Api.Pages.Forms;

/// <summary>Routes that take a form of our pages: none runs without the token that the page was sent with.</summary>
internal static class FormRoutes
{
    /// <summary>Bytes of a form; ours are far smaller.</summary>
    private const long LongestForm = 16 * 1024;

    public static RouteGroupBuilder MapForms(this WebApplication app)
    {
        var forms = app.MapGroup("").ExcludeFromDescription();
        forms.AddEndpointFilter(CheckAsync);
        return forms;
    }

    /// <summary>After a form: a reload of the page that it leads to does not send the form again.</summary>
    /// <param name="path">A path of this site.</param>
    public static RedirectHttpResult GoTo(string path) => TypedResults.LocalRedirect(path);

    private static async ValueTask<object?> CheckAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        if (!context.Request.HasFormContentType)
        {
            return TypedResults.Problem(
                "Send application/x-www-form-urlencoded, as the page's form does.",
                statusCode: StatusCodes.Status415UnsupportedMediaType,
                title: "Not a form"
            );
        }
        if (context.Request.ContentLength > LongestForm)
            return TypedResults.Problem($"A form has {LongestForm} bytes at most.", statusCode: StatusCodes.Status413PayloadTooLarge);
        try
        {
            await context.Request.ReadFormAsync(context.RequestAborted);
        }
        catch (InvalidDataException exception)
        {
            // The parser's message names the limit that the form is beyond, or what is malformed in it.
            return TypedResults.Problem(exception.Message, statusCode: StatusCodes.Status400BadRequest, title: "The form can't be read");
        }
        if (await context.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(context))
            return await next(invocation);
        return TypedResults.Problem(
            "It was not sent from a page of this site, or the page is from before you signed in or out. Go back, reload the page and send it again.",
            statusCode: StatusCodes.Status400BadRequest,
            title: "The form is out of date"
        );
    }
}
