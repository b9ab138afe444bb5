using System.Reflection;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http.Metadata;
using Overnight.Api.Pages.Layout;

namespace Overnight.Api.Pages;

/// <summary>
/// A Razor component rendered to a whole page: no circuit, no WebAssembly, no state that a second request would need. It is rendered
/// before the first byte is sent, so a failure in it still gets an error page.
/// </summary>
/// <param name="parameters">The component's parameters by name.</param>
internal sealed class PageResult<TPage>(IReadOnlyDictionary<string, object?> parameters, int status = StatusCodes.Status200OK)
    : IResult,
        IEndpointMetadataProvider
    where TPage : IComponent
{
    public const string ContentType = "text/html; charset=utf-8";

    /// <param name="page">What the component's parameter <c>Page</c> gets.</param>
    /// <param name="view">What the component's parameter <c>View</c> gets.</param>
    public PageResult(PageFrame page, object view, int status = StatusCodes.Status200OK)
        : this(new Dictionary<string, object?>(StringComparer.Ordinal) { ["Page"] = page, ["View"] = view }, status) { }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using PageBuffer page = new();
        page.Write("<!doctype html>");
        await using (
            HtmlRenderer renderer = new(httpContext.RequestServices, httpContext.RequestServices.GetRequiredService<ILoggerFactory>())
        )
        {
            await renderer.Dispatcher.InvokeAsync(async () =>
            {
                var root = await renderer.RenderComponentAsync<TPage>(ParameterView.FromDictionary(Writable(parameters)));
                root.WriteHtmlTo(page);
            });
        }
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = ContentType;
        response.ContentLength = page.Length;
        await response.BodyWriter.WriteAsync(page.Written, httpContext.RequestAborted);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/html"]));

    private static IDictionary<string, object?> Writable(IReadOnlyDictionary<string, object?> parameters) =>
        parameters as IDictionary<string, object?> ?? new Dictionary<string, object?>(parameters, StringComparer.Ordinal);
}
