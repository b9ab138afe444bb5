namespace Overnight.Api.Pages.Display;

/// <summary>How a visitor wants pages to look, in a cookie: a theme and a culture, each empty where nothing was chosen.</summary>
internal readonly record struct DisplayChoice(string Theme, string Culture)
{
    public const string CookieName = "overnight-display";
    private const char Separator = '.';
    private static readonly string[] Themes = ["light", "dark"];

    /// <summary>The choice of a request; anything else in the cookie counts as none.</summary>
    public static DisplayChoice Of(HttpRequest request)
    {
        if (request.Headers.Cookie.Count == 0 || request.Cookies[CookieName] is not { Length: <= 40 } text)
            return new("", "");
        var at = text.IndexOf(Separator, StringComparison.Ordinal);
        var (theme, culture) = at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
        return new(
            Themes.Contains(theme, StringComparer.Ordinal) ? theme : "",
            culture.All(c => char.IsAsciiLetterOrDigit(c) || c is '-') ? culture : ""
        );
    }

    public static bool IsTheme(string theme) => theme.Length == 0 || Themes.Contains(theme, StringComparer.Ordinal);

    public void Keep(HttpContext context) =>
        context.Response.Cookies.Append(
            CookieName,
            $"{Theme}{Separator}{Culture}",
            new()
            {
                HttpOnly = true,
                // Lax, for it must also reach the first page that a link of another site opens; it says nothing about the visitor.
                SameSite = SameSiteMode.Lax,
                Secure = context.Request.IsHttps,
                Path = "/",
                MaxAge = TimeSpan.FromDays(365),
                IsEssential = true,
            }
        );
}
