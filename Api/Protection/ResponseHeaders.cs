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

    /// <summary>Pages load and send to this site alone, have no script or style of their own, and are shown in no frame.</summary>
    public const string ContentPolicy =
        "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

    /// <summary>
    /// Other sites don't learn which page a link was on. Not no-referrer, under which browsers send the Origin of our own forms as null.
    /// </summary>
    public const string Referrer = "same-origin";

    private const string ReferrerPolicy = "Referrer-Policy",
        OpenerPolicy = "Cross-Origin-Opener-Policy";

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(
            static state =>
            {
                var headers = ((HttpResponse)state).Headers;
                headers.XContentTypeOptions = NoSniff;
                headers.ContentSecurityPolicy = ContentPolicy;
                headers[ReferrerPolicy] = Referrer;
                headers[OpenerPolicy] = "same-origin";
                if (headers.CacheControl.Count == 0)
                    headers.CacheControl = NoStore;
                return Task.CompletedTask;
            },
            context.Response
        );
        return next(context);
    }
}
