using Microsoft.Net.Http.Headers;

namespace Overnight.Api.Pages;

/// <summary>Tells browsers that open a page from programs, and addresses of this site from others.</summary>
internal static class HtmlRequests
{
    private const string Html = "text/html";

    /// <summary>Query parameter and form field: where to go on after a form.</summary>
    public const string Return = "return";

    /// <summary>
    /// Whether the client names HTML, and wants JSON no more than it. Programs and scripts, which accept anything, get JSON.
    /// </summary>
    public static bool WantsHtml(this HttpRequest request)
    {
        var header = request.Headers.Accept;
        if (header.Count == 0 || !MediaTypeHeaderValue.TryParseList([.. header.OfType<string>()], out var types))
            return false;
        var (html, json) = (0d, 0d);
        foreach (var type in types)
        {
            var quality = type.Quality ?? 1;
            if (type.MediaType.Equals(Html, StringComparison.OrdinalIgnoreCase))
                html = Math.Max(html, quality);
            else if (type.SubType.EndsWith("json", StringComparison.OrdinalIgnoreCase))
                json = Math.Max(json, quality);
        }
        return html > 0 && html >= json;
    }

    /// <summary>
    /// The address if it is a path of this site, else <paramref name="otherwise"/>: <c>//host</c> and <c>/\host</c> name another site, and
    /// a header takes visible ASCII alone, so that other characters must be percent-encoded.
    /// </summary>
    public static string LocalOr(string? address, string otherwise) =>
        address is ['/', ..] and not ['/', '/' or '\\', ..]
        && !address.AsSpan().ContainsAnyExceptInRange('!', '~')
        && address.Length <= LongestAddress
            ? address
            : otherwise;

    /// <summary>The page that signs in and then goes on to the address that was asked for.</summary>
    public static string SignInAddress(HttpRequest request)
    {
        var asked = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? Here(request) : "/";
        return LocalOr(asked, "/") is "/" or PagePaths.Dashboard
            ? PagePaths.Home
            : $"{PagePaths.Home}?{Return}={Uri.EscapeDataString(asked)}";
    }

    /// <summary>
    /// The page that a request is about: its own address, or that of the page whose form it sends, for a form's address answers no GET.
    /// </summary>
    public static string PageOf(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            return Here(request);
        return Uri.TryCreate(request.Headers.Referer, UriKind.Absolute, out var page) && page.Authority == request.Host.Value
            ? LocalOr(page.PathAndQuery, PagePaths.Home)
            : PagePaths.Home;
    }

    /// <summary>Path and query of a request, percent-encoded.</summary>
    public static string Here(HttpRequest request) =>
        $"{request.PathBase.ToUriComponent()}{request.Path.ToUriComponent()}{request.QueryString.ToUriComponent()}";

    private const int LongestAddress = 2_000;
}

/// <summary>Addresses of pages.</summary>
internal static class PagePaths
{
    public const string Home = "/",
        Dashboard = "/dashboard",
        Text = "/dashboard.txt",
        Csv = "/dashboard.csv",
        SignIn = "/sign-in",
        SignOut = "/sign-out",
        DemoSignIn = "/demo-sign-in",
        Display = "/display",
        History = "/history",
        Account = "/account",
        Password = "/account/password",
        Erase = "/account/erase",
        EndSession = "/account/sessions/end",
        EndOtherSessions = "/account/sessions/end-others";

    public static string HistoryOf(Guid run) => $"{History}/{run:D}";
}
