using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Overnight.Api.Sessions;

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

/// <summary>A Chromium for the tests of a class; a test is skipped where there is none, and fails where CI=true.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    /// <summary>Where pictures of every page go, for people to look at; null for pictures of failures alone.</summary>
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("OVERNIGHT_SCREENSHOTS");

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Programs.FirstOrDefault(File.Exists) is not { } program)
            return;
        _playwright = await Playwright.CreateAsync();
        // Chromium's own sandbox refuses root; the pages are our own.
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = ["--no-sandbox"] });
    }

    /// <param name="token">Of the session that is signed in; null for none.</param>
    internal async Task<Tab> OpenAsync(Uri site, Look look, string? token = null)
    {
        if (_browser is null)
        {
            var message = $"There is no browser: install chromium ({string.Join(", ", Programs)}).";
            if (Environment.GetEnvironmentVariable("CI") == "true")
                Assert.Fail(message);
            Assert.Skip(message);
        }
        var context = await _browser.NewContextAsync(
            new()
            {
                BaseURL = site.ToString(),
                ViewportSize = new() { Width = look.Width, Height = look.Height },
                ColorScheme = look.Scheme,
                JavaScriptEnabled = look.HasScript,
                Locale = "en-GB",
                TimezoneId = "Europe/Berlin",
                ReducedMotion = ReducedMotion.Reduce,
                Permissions = ["clipboard-read", "clipboard-write"],
            }
        );
        if (token is not null)
            await context.AddCookiesAsync([
                new()
                {
                    Name = SessionCookie.DevelopmentName,
                    Value = token,
                    Url = site.ToString(),
                },
            ]);
        var page = await context.NewPageAsync();
        if (look.IsPrint)
            await page.EmulateMediaAsync(new() { Media = Media.Print });
        return new(context, page, site, look, Pictures);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

/// <summary>A page in the browser, with what the browser complained of.</summary>
internal sealed class Tab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly Uri _site;
    private readonly Look _look;
    private readonly string? _pictures;
    private readonly List<string> _complaints = [];

    public Tab(IBrowserContext context, IPage page, Uri site, Look look, string? pictures)
    {
        (_context, Page, _site, _look, _pictures) = (context, page, site, look, pictures);
        // Violations of the content policy are errors of the console.
        page.Console += (_, message) =>
        {
            // The browser also says there that the page itself was an error page, which a test asked for.
            var isOfPage =
                message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal)
                && message.Location.StartsWith(page.Url, StringComparison.Ordinal);
            if (message.Type is "error" or "warning" && !isOfPage)
                _complaints.Add($"console: {message.Text} ({message.Location})");
        };
        page.PageError += (_, error) => _complaints.Add($"script: {error}");
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(_site.ToString(), StringComparison.Ordinal))
                _complaints.Add($"request to elsewhere: {request.Url}");
        };
        page.RequestFailed += (_, request) => _complaints.Add($"failed: {request.Url} {request.Failure}");
    }

    public IPage Page { get; }

    /// <summary>Opens a page and holds it to what every page is held to.</summary>
    /// <param name="name">Of its picture.</param>
    public async Task CheckAsync(string path, string name)
    {
        await Page.GotoAsync(path, new() { WaitUntil = WaitUntilState.Load });
        await CheckAsync(name);
    }

    public async Task CheckAsync(string name)
    {
        try
        {
            if (_pictures is not null)
                await PictureAsync(_pictures, name);
            Assert.True(_complaints.Count == 0, string.Join('\n', _complaints));
            var wider = await Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            Assert.True(wider <= 0, $"The page is {wider} pixels wider than its window.");
            // axe needs scripts; the page without them has the same markup.
            if (_look is { IsPrint: false, HasScript: true })
                await AssertAccessibleAsync();
        }
        catch (Exception exception)
        {
            var folder = Path.Combine(AppContext.BaseDirectory, "screenshots");
            throw new Xunit.Sdk.XunitException(
                $"{name}, {_look.Name} ({await PictureAsync(folder, name)}): {exception.Message}",
                exception
            );
        }
    }

    private async Task AssertAccessibleAsync()
    {
        var result = await Page.RunAxe(
            new AxeRunOptions { RunOnly = RunOnlyOptions.Tags("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice") }
        );
        Assert.True(
            result.Violations.Length == 0,
            string.Join(
                '\n',
                result.Violations.Select(v => $"axe {v.Id}: {v.Help}: {string.Join(" | ", v.Nodes.Take(3).Select(node => node.Html))}")
            )
        );
        Assert.InRange(result.Passes.Length, 5, int.MaxValue);
    }

    private async Task<string> PictureAsync(string folder, string name)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{name}.{_look.Name}.png");
        await Page.ScreenshotAsync(new() { Path = path, FullPage = true });
        return path;
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}
