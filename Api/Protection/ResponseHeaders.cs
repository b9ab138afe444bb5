namespace Overnight.Api.Protection;

/// <summary>
/// Sets headers of every answer, errors included: browsers must not guess its type, and caches must not store it unless its route allows
/// it. They are set when the answer starts, because the exception handler clears headers that were set before. The middleware of the
/// cached dashboard runs earlier and sets its own.
/// </summary>
internal sealed class ResponseHeaders(RequestDelegate next)
{
    public const string NoSniff = "nosniff",
        NoStore = "no-store";

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(
            static state =>
            {
                var headers = ((HttpResponse)state).Headers;
                headers.XContentTypeOptions = NoSniff;
                if (headers.CacheControl.Count == 0)
                    headers.CacheControl = NoStore;
                return Task.CompletedTask;
            },
            context.Response
        );
        return next(context);
    }
}
