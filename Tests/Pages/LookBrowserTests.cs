using Microsoft.Playwright;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Flags;
using Overnight.Tests.Harness;
using Overnight.Tests.Pages.Operations;

namespace Overnight.Tests.Pages;

/// <summary>SPEC P: every page in each of its states, in a real browser. A class for each look, so that two are tried at once.</summary>
public abstract class LookBrowserTests(TestServers servers, Browser browser, Look look)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P_Pages_InEachState_HaveNoFaultThatABrowserSees()
    {
        await using var app = await StartAsync();
        PageStateData data = new(app.Database, app.Cache, PageStates.Now);
        await using var tab = await browser.OpenAsync(app.Site(), look);
        List<string> faults = [];
        foreach (var state in PageStates.All.Where(state => state.Stores == Stores.Both))
            await TryAsync(faults, async () => await tab.CheckAsync(state, await state.PrepareAsync(data)));
        Assert.True(faults.Count == 0, string.Join("\n\n", faults));
    }

    [Fact]
    public async Task P5_OperationsPages_InEachState_HaveNoFaultThatABrowserSees()
    {
        await using var app = await StartAsync();
        PageStateData data = new(app.Database, app.Cache, PageStates.Now);
        var (_, token) = await app.Database.SignInAsync("admin");
        await using var tab = await browser.OpenAsync(app.Site(), look, token);
        List<string> faults = [];
        await TryAsync(faults, () => tab.CheckAsync("/operations", "operations-empty"));
        var (_, user) = await data.OnceAsync(OperationsStates.FillAsync);
        foreach (var state in OperationsStates.All)
            await TryAsync(faults, async () => await tab.CheckAsync(state, await state.PrepareAsync(data)));
        if (!look.IsPrint)
            await TryAsync(faults, () => CheckFormsAsync(app, tab, user));
        Assert.True(faults.Count == 0, string.Join("\n\n", faults));
    }

    /// <summary>A question that a form leads to, and a conflict.</summary>
    private static async Task CheckFormsAsync(ApiApp app, Tab tab, Guid user)
    {
        var (_, token) = await app.Database.SignInAsync("admin");
        await tab.SignInAsync(token);
        await tab.Page.GotoAsync($"/operations/users/{user}");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Ban …" }).ClickAsync();
        await tab.CheckAsync("operations-ban");
        await tab.Page.GotoAsync("/operations/flags/pricing.limit");
        (await app.PatchFlagAsync("pricing.limit", token, """{"value":7,"description":"The most of a kind"}""")).Dispose();
        await tab.Page.Locator("textarea").FillAsync("8");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await tab.CheckAsync("operations-conflict");
    }

    /// <summary>After a fault the other states are looked at all the same.</summary>
    private static async Task TryAsync(List<string> faults, Func<Task> check)
    {
        try
        {
            await check();
        }
        catch (Xunit.Sdk.XunitException fault)
        {
            faults.Add(fault.Message);
        }
    }

    private async Task<ApiApp> StartAsync() =>
        new(
            await servers.CreateDatabaseAsync(Ct),
            await servers.CacheConnectionStringAsync(Ct),
            new TestClock(PageStates.Now),
            isListening: true
        );
}

public sealed class LightWideBrowserTests(TestServers servers, Browser browser) : LookBrowserTests(servers, browser, Look.Of("light-wide"));

public sealed class DarkNarrowBrowserTests(TestServers servers, Browser browser)
    : LookBrowserTests(servers, browser, Look.Of("dark-narrow"));

public sealed class WithoutScriptBrowserTests(TestServers servers, Browser browser)
    : LookBrowserTests(servers, browser, Look.Of("light-narrow-without-script"));

public sealed class PrintBrowserTests(TestServers servers, Browser browser) : LookBrowserTests(servers, browser, Look.Of("print"));
