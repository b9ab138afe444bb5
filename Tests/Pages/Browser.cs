using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Overnight.Tests.Pages;

[assembly: AssemblyFixture(typeof(Browser))]

namespace Overnight.Tests.Pages;

/// <summary>
/// One Chromium for all tests, started when the first asks. A test is skipped where there is none, and fails where CI=true.
/// </summary>
public sealed class Browser : IAsyncDisposable
{
    /// <summary>Where pictures of every page go, for people to look at; null for pictures of failures alone.</summary>
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("OVERNIGHT_SCREENSHOTS");

    private readonly Lazy<Task<(IPlaywright Playwright, IBrowser Browser)>> _started = new(StartAsync);

    private static async Task<(IPlaywright, IBrowser)> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return (playwright, await Chromium.LaunchAsync(playwright, Chromium.Program!));
    }

    /// <param name="token">Of the session that is signed in; null for none.</param>
    internal async Task<Tab> OpenAsync(Uri site, Look look, string? token = null)
    {
        if (Chromium.Program is null)
        {
            if (Environment.GetEnvironmentVariable("CI") == "true")
                Assert.Fail(Chromium.Missing);
            Assert.Skip(Chromium.Missing);
        }
        var options = Chromium.Options(site, look);
        options.Permissions = ["clipboard-read", "clipboard-write"];
        var context = await (await _started.Value).Browser.NewContextAsync(options);
        if (token is not null)
            await Chromium.SignInAsync(context, site, token);
        var page = await context.NewPageAsync();
        if (look.IsPrint)
            await page.EmulateMediaAsync(new() { Media = Media.Print });
        return new(context, page, site, look, Pictures);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_started.IsValueCreated)
            return;
        var (playwright, browser) = await _started.Value;
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}

/// <summary>A page in the browser, with what the browser complained of.</summary>
internal sealed class Tab : IAsyncDisposable
{
    /// <summary>Texts that name a time in UTC, but for code, which is shown as it is.</summary>
    private const string TimesInUtc = """
        () => {
          const found = [];
          const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (texts.nextNode()) {
            const text = texts.currentNode;
            if (/UTC|\d\d:\d\d(:\d\d)?Z/.test(text.data) && !text.parentElement.closest("code, textarea, script")) found.push(text.data.trim());
          }
          return found;
        }
        """;

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

    /// <summary>Signs another in, or nobody, and forgets the complaints of the page before.</summary>
    public async Task SignInAsync(string? token)
    {
        await _context.ClearCookiesAsync();
        if (token is not null)
            await Chromium.SignInAsync(_context, _site, token);
        _complaints.Clear();
    }

    /// <summary>Opens a page in a state as whom it is for, and holds it to what every page is held to.</summary>
    public async Task CheckAsync(PageState state, (string Path, string? Token) prepared)
    {
        await SignInAsync(prepared.Token);
        if (state.ActAsync is not { } act)
        {
            await CheckAsync(prepared.Path, state.Name);
            return;
        }
        if (_look.IsPrint)
            await Page.EmulateMediaAsync(new() { Media = Media.Screen });
        await Page.GotoAsync(prepared.Path);
        await act(Page);
        if (_look.IsPrint)
            await Page.EmulateMediaAsync(new() { Media = Media.Print });
        await CheckAsync(state.Name);
    }

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
            if (_look.HasScript)
            {
                var others = await Page.EvaluateAsync<string[]>(TimesInUtc);
                Assert.True(others.Length == 0, $"Beside times of the reader's zone: {string.Join(", ", others)}");
            }
            // axe needs scripts; the page without them has the same markup.
            if (_look is { IsPrint: false, HasScript: true })
                await AssertAccessibleAsync(_look.Scheme == ColorScheme.Light ? OfMarkup : OfLook);
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

    /// <summary>All that axe knows.</summary>
    private static readonly RunOnlyOptions OfMarkup = RunOnlyOptions.Tags(
        "wcag2a",
        "wcag2aa",
        "wcag21a",
        "wcag21aa",
        "wcag22aa",
        "best-practice"
    );

    /// <summary>What depends on colours and widths; the markup is the same in every look.</summary>
    private static readonly RunOnlyOptions OfLook = RunOnlyOptions.Rules(
        "color-contrast",
        "link-in-text-block",
        "target-size",
        "scrollable-region-focusable",
        "label"
    );

    private async Task AssertAccessibleAsync(RunOnlyOptions rules)
    {
        // In the page itself, for none of ours has a frame; for frames its successor opens a second page, which takes as long again.
#pragma warning disable CS0618
        // Of what passes it gives one element a rule: to describe all takes longer than to check them.
        var result = await Page.Locator("html").RunAxeLegacy(new AxeRunOptions { RunOnly = rules, ResultTypes = [ResultType.Violations] });
#pragma warning restore CS0618
        Assert.True(
            result.Violations.Length == 0,
            string.Join(
                '\n',
                result.Violations.Select(v => $"axe {v.Id}: {v.Help}: {string.Join(" | ", v.Nodes.Take(3).Select(node => node.Html))}")
            )
        );
        Assert.InRange(result.Passes.Length, rules == OfMarkup ? 5 : 1, int.MaxValue);
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
