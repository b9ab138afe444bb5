namespace Overnight.Api.Pages.Operations;

/// <param name="Done">Word of what a form did; null without one.</param>
public sealed record KeyboardShortcutsViewModel(string? Done);

/// <summary>Whether keyboard shortcuts are on, in a cookie; on where nothing was chosen (WCAG 2.1.4).</summary>
internal static class KeyboardShortcutChoice
{
    public const string CookieName = "overnight-keys";
    private const string Off = "off";

    public static bool IsOn(HttpRequest request) => request.Headers.Cookie.Count == 0 || request.Cookies[CookieName] != Off;

    public static void Keep(HttpContext context, bool isOn) =>
        context.Response.Cookies.Append(
            CookieName,
            isOn ? "on" : Off,
            new()
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                Secure = context.Request.IsHttps,
                Path = "/",
                MaxAge = TimeSpan.FromDays(365),
                IsEssential = true,
            }
        );
}
