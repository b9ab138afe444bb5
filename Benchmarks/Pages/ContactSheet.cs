using Microsoft.Playwright;
using Npgsql;
using Overnight.Benchmarks.Dashboard;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Tests.Pages;
using Overnight.Tests.Pages.Operations;
using StackExchange.Redis;

namespace Overnight.Benchmarks.Pages;

/// <summary>
/// Opens every state of <see cref="PageStates"/> and <see cref="OperationsStates"/> in Chromium, over an Api and servers of its own, and
/// puts the pictures together.
/// </summary>
internal static class ContactSheet
{
    private static readonly ColorScheme[] Themes = [ColorScheme.Light, ColorScheme.Dark];

    private sealed record Prepared(PageState State, string Path, string? Token);

    /// <param name="folder">Null for a temporary one.</param>
    /// <param name="only">Part of the names of states; null for all.</param>
    public static async Task<int> RunAsync(string? folder, string? only, CancellationToken ct)
    {
        var program = Chromium.Program ?? throw new BenchmarkException(Chromium.Missing);
        PageState[] all = [.. PageStates.All, .. OperationsStates.All];
        var states = all.Where(state => only is null || state.Name.Contains(only, StringComparison.OrdinalIgnoreCase)).ToArray();
        if (states.Length == 0)
            throw new BenchmarkException($"No state has '{only}' in its name. There are {string.Join(", ", all.Select(one => one.Name))}.");
        folder = Directory.CreateDirectory(folder ?? Path.Combine(Path.GetTempPath(), "overnight-contact-sheet")).FullName;

        await using Workbench bench = new();
        var postgres = await bench.StartPostgresAsync(ct);
        var cache = await bench.StartCacheAsync(LocalRedisProgram.Any, ct);
        await using var database = await DemoDatabase.CreateAsync(postgres, 1, ct);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(CacheAdmin.Options(cache));
        var api = await ApiProcess.StartAsync(bench, postgres, cache, null, null, ct, settings: Settings());
        Uri site = new($"http://127.0.0.1:{api.Port}/");
        var prepared = await PrepareAsync(states, database, redis.GetDatabase());

        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright, program);
        List<(string Name, ColorScheme Theme, Look Look, byte[] Picture)> pictures = [];
        foreach (var stores in Enum.GetValues<Stores>())
        {
            // What the node has in memory outlives both stores; only who was never here is refused.
            if (stores == Stores.CacheAlone)
            {
                foreach (var one in prepared.Where(one => one.State.Stores == stores))
                    await PictureAsync(browser, site, one, LookOf(ColorScheme.Light, isWide: true));
                await postgres.StopAsync();
            }
            else if (stores == Stores.Neither)
                await cache.StopAsync();
            foreach (var one in prepared.Where(one => one.State.Stores == stores))
            {
                foreach (var look in Themes.SelectMany(theme => (Look[])[LookOf(theme, isWide: true), LookOf(theme, isWide: false)]))
                {
                    var picture = await PictureAsync(browser, site, one, look);
                    pictures.Add((one.State.Name, look.Scheme, look, picture));
                    await File.WriteAllBytesAsync(Path.Combine(folder, $"{one.State.Name}.{look.Name}.png"), picture, ct);
                }
                Report.Step(one.State.Name);
            }
        }
        foreach (var theme in Themes)
        {
            var path = Path.Combine(folder, $"contact-sheet.{theme}.png".ToLowerInvariant());
            var page = await browser.NewPageAsync(
                new()
                {
                    ViewportSize = new() { Width = 2_304, Height = 1_000 },
                }
            );
            await page.SetContentAsync(
                Html(theme, [.. pictures.Where(picture => picture.Theme == theme).Select(one => (one.Name, one.Look, one.Picture))])
            );
            await page.ScreenshotAsync(new() { Path = path, FullPage = true });
            Console.WriteLine(path);
        }
        return 0;
    }

    /// <summary>As at a desk: demo accounts and a cookie over http, at the time for which the states are made.</summary>
    private static Dictionary<string, string?> Settings() =>
        new()
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_HOSTINGSTARTUPASSEMBLIES"] = typeof(ShiftedClock).Assembly.GetName().Name!,
            [ShiftedClock.NowVariable] = $"{PageStates.Now:O}",
        };

    private static async Task<List<Prepared>> PrepareAsync(PageState[] states, NpgsqlDataSource database, IDatabase cache)
    {
        PageStateData data = new(database, cache, PageStates.Now);
        List<Prepared> prepared = [];
        foreach (var state in states)
        {
            var (path, token) = await state.PrepareAsync(data);
            prepared.Add(new(state, path, token));
        }
        return prepared;
    }

    private static Look LookOf(ColorScheme theme, bool isWide) =>
        isWide
            ? new($"{theme}-wide".ToLowerInvariant(), 1440, 900, theme, HasScript: true)
            : new($"{theme}-narrow".ToLowerInvariant(), 390, 844, theme, HasScript: true);

    /// <summary>The first screen, as it is seen without scrolling.</summary>
    private static async Task<byte[]> PictureAsync(IBrowser browser, Uri site, Prepared one, Look look)
    {
        await using var context = await browser.NewContextAsync(Chromium.Options(site, look));
        if (one.Token is not null)
            await Chromium.SignInAsync(context, site, one.Token);
        var page = await context.NewPageAsync();
        await page.GotoAsync(one.Path);
        if (one.State.ActAsync is { } act)
            await act(page);
        return await page.ScreenshotAsync();
    }

    private static string Html(ColorScheme theme, IReadOnlyList<(string Name, Look Look, byte[] Picture)> pictures)
    {
        var (back, ink) = theme == ColorScheme.Light ? ("#d9dce3", "#1a1e28") : ("#000", "#e9ebf1");
        var cells = pictures
            .GroupBy(picture => picture.Name)
            .Select(state => $"<figure><figcaption>{state.Key}</figcaption>{string.Concat(state.Select(Image))}</figure>");
        return $$"""
            <!doctype html><meta charset="utf-8"><style>
            body { margin: 24px; background: {{back}}; color: {{ink}}; font: 600 16px system-ui, sans-serif; }
            body { display: grid; grid-template-columns: repeat(3, 1fr); gap: 24px; }
            figure { margin: 0; display: grid; grid-template-columns: auto 1fr; gap: 8px; } figcaption { grid-column: 1 / -1; }
            img { display: block; } .wide { width: 560px; } .narrow { width: 162px; }
            </style>{{string.Concat(cells)}}
            """;
    }

    private static string Image((string Name, Look Look, byte[] Picture) one) =>
        $"<img class=\"{(one.Look.Width > 400 ? "wide" : "narrow")}\" src=\"data:image/png;base64,{Convert.ToBase64String(one.Picture)}\">";
}
