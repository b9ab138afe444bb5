using System.Net;

namespace Overnight.Api.Sessions;

/// <summary>
/// The session's cookie, by which pages are signed in. Over https it has the prefix that browsers grant only to a Secure cookie of this
/// host. Over http there is one in Development on this machine alone, and it is never read over https; elsewhere nobody signs in over http.
/// </summary>
internal sealed class SessionCookie(IHostEnvironment environment)
{
    public const string Name = "__Host-overnight",
        DevelopmentName = "overnight-dev";

    public const string NeedsHttps =
        "Passwords and sessions are not sent without encryption: open this address over https. Over http pages sign in on the machine itself, in Development, alone.";

    /// <summary>The cookie of this request's scheme; null where pages can't be signed in over it.</summary>
    public string? NameFor(HttpContext context) =>
        context.Request.IsHttps ? Name
        : IsDevelopmentHere(context) ? DevelopmentName
        : null;

    public bool TryRead(HttpContext context, out string token)
    {
        if (
            context.Request.Headers.Cookie.Count > 0
            && NameFor(context) is { } name
            && context.Request.Cookies.TryGetValue(name, out var value)
        )
        {
            token = value;
            return true;
        }
        token = "";
        return false;
    }

    /// <summary>Whether the request brings a session's cookie of any name, read or not.</summary>
    public static bool IsThere(HttpRequest request) =>
        request.Headers.Cookie.Count > 0 && (request.Cookies.ContainsKey(Name) || request.Cookies.ContainsKey(DevelopmentName));

    public void Set(HttpContext context, NewSession session)
    {
        if (NameFor(context) is { } name)
            context.Response.Cookies.Append(name, session.Token, Flags(context, session.ExpiresAt));
    }

    public void Delete(HttpContext context)
    {
        if (NameFor(context) is { } name && context.Request.Cookies.ContainsKey(name))
            context.Response.Cookies.Delete(name, Flags(context, null));
    }

    /// <summary>Whether the program runs in Development, and the request comes from this machine. A request without an address comes
    /// from a test or a Unix socket.</summary>
    public bool IsDevelopmentHere(HttpContext context) =>
        environment.IsDevelopment()
        && context.Connection.RemoteIpAddress is var address
        && (address is null || IPAddress.IsLoopback(address));

    // SameSite=Strict: neither pages nor forms of other sites can send the cookie.
    private static CookieOptions Flags(HttpContext context, DateTimeOffset? expires) =>
        new()
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
            Path = "/",
            Expires = expires,
            IsEssential = true,
        };
}
