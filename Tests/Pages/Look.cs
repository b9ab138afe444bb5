using Microsoft.Playwright;

namespace Overnight.Tests.Pages;

/// <summary>How a page is looked at.</summary>
public sealed record Look(string Name, int Width, int Height, ColorScheme Scheme, bool HasScript, bool IsPrint = false)
{
    public static readonly Look[] All =
    [
        new("light-wide", 1440, 900, ColorScheme.Light, HasScript: true),
        new("dark-narrow", 390, 844, ColorScheme.Dark, HasScript: true),
        new("light-narrow-without-script", 390, 844, ColorScheme.Light, HasScript: false),
        new("print", 1024, 1400, ColorScheme.Light, HasScript: true, IsPrint: true),
    ];

    public static Look Of(string name) => All.Single(look => look.Name == name);
}

/// <summary>The browser that pages are looked at with.</summary>
internal static class Chromium
{
    private static readonly string[] Programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    /// <summary>Where it is; null where it is not installed.</summary>
    public static string? Program => Programs.FirstOrDefault(File.Exists);

    public static string Missing => $"There is no browser: install chromium ({string.Join(", ", Programs)}).";

    /// <summary>Chromium's own sandbox refuses root; the pages are our own.</summary>
    public static Task<IBrowser> LaunchAsync(IPlaywright playwright, string program) =>
        playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = ["--no-sandbox"] });

    public static BrowserNewContextOptions Options(Uri site, Look look) =>
        new()
        {
            BaseURL = site.ToString(),
            ViewportSize = new() { Width = look.Width, Height = look.Height },
            ColorScheme = look.Scheme,
            JavaScriptEnabled = look.HasScript,
            Locale = "en-GB",
            TimezoneId = "Europe/Berlin",
            ReducedMotion = ReducedMotion.Reduce,
        };

    /// <summary>Signs in over http at a desk, as the api does.</summary>
    public static Task SignInAsync(IBrowserContext context, Uri site, string token) =>
        context.AddCookiesAsync([
            new()
            {
                Name = Api.Sessions.SessionCookie.DevelopmentName,
                Value = token,
                Url = site.ToString(),
            },
        ]);
}
