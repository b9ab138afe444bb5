using Microsoft.Playwright;
using Overnight.Benchmarks.Reporting;
using Overnight.Tests.Pages;

namespace Overnight.Benchmarks.Pages;

/// <summary>When Chromium has painted the largest part of the dashboard, as it reports itself.</summary>
internal static class LargestPaint
{
    /// <summary>Navigations that count; some before them load the stylesheet, and compile.</summary>
    public const int Navigations = 20;

    private const int WarmUp = 3;

    private const string Watch = """
        new PerformanceObserver(list => window.largestPaint = list.getEntries().at(-1).startTime).observe({ type: "largest-contentful-paint", buffered: true });
        """;

    private const string Read = """
        () => new Promise(done => {
          const look = () => window.largestPaint ? done(window.largestPaint) : requestAnimationFrame(look);
          look();
        })
        """;

    public static async Task<double> MedianAsync(string program, int port, string token)
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright, program);
        var options = Chromium.Options(new($"http://127.0.0.1:{port}/"), Look.All[0]);
        // Over http, a cookie signs in only in Development.
        options.ExtraHTTPHeaders = new Dictionary<string, string> { ["Authorization"] = $"Bearer {token}" };
        await using var context = await browser.NewContextAsync(options);
        await context.AddInitScriptAsync(Watch);
        var page = await context.NewPageAsync();
        List<double> times = [];
        for (var at = 0; at < WarmUp + Navigations; at++)
        {
            await page.GotoAsync(Api.Pages.PagePaths.Dashboard, new() { WaitUntil = WaitUntilState.Load });
            var paint = await page.EvaluateAsync<double>(Read);
            if (at >= WarmUp)
                times.Add(paint);
        }
        return Report.Median(times);
    }
}
