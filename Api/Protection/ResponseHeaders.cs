namespace Overnight.Api.Protection;

/// <summary>
/// Headers of every answer, errors among them: browsers do not guess its type, and nobody keeps it unless its route says so. They are
/// set when the answer starts, because the exception handler clears what was set before. The cached dashboard, which is answered in
/// front of this, sets its own.
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
