using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Api;
using Overnight.Api.Pages.Display;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Pages;

/// <summary>Numbers and dates in the reader's culture, the theme, and a machine without cultures.</summary>
public sealed class DisplayTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    [Theory]
    [InlineData("", "1,120.40", "2026-11-20")]
    [InlineData("de-DE", "1.120,40", "20.11.2026")]
    [InlineData("de", "1.120,40", "20.11.2026")]
    [InlineData("en-GB,en;q=0.5", "1,120.40", "20/11/2026")]
    [InlineData("en;q=0.1, fr-FR", "1\u202F120,40", "20/11/2026")]
    [InlineData("de-CH", "1’120.40", "20.11.2026")]
    [InlineData("xx-YY, de;q=0.2", "1.120,40", "20.11.2026")]
    [InlineData("de;q=0", "1,120.40", "2026-11-20")]
    [InlineData("garbage;;q=", "1,120.40", "2026-11-20")]
    [InlineData("th-TH", "1,120.40", "20/11/2026")] // the Gregorian year, not the Buddhist one
    public async Task Page_ForEachLanguage_HasItsFormsAndEnglishWords(string languages, string amount, string date)
    {
        var (browser, _) = await _app.BrowseAsync(user => PageEntries.Entry(user));
        using var own = browser;
        browser.Languages = languages;

        var page = await browser.PageAsync("/dashboard");

        Assert.Equal(amount, page.QuerySelector("td.amount")!.TextContent);
        Assert.StartsWith(date, page.Words("time"), StringComparison.Ordinal);
        Assert.Equal("What to buy, in EUR", page.Words("#buy"));
        // Places in the picture are no numbers for people.
        Assert.Equal("58.33%", page.QuerySelector("rect.band")!.GetAttribute("x"));
        Assert.Contains("h44.82", page.QuerySelector(".part path")!.GetAttribute("d"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Choice_OfAVisitor_IsKeptAndGoesBeforeTheBrowsers()
    {
        var (browser, _) = await _app.BrowseAsync(user => PageEntries.Entry(user));
        using var own = browser;
        browser.Languages = "en-US";
        var page = await browser.PageAsync("/dashboard");
        Assert.Equal((null, "en-US"), (page.DocumentElement.GetAttribute("data-theme"), page.DocumentElement.GetAttribute("data-formats")));

        using var chosen = await browser.SendAsync(page, "/display", ("theme", "dark"), ("culture", "de-DE"));
        Assert.Equal((HttpStatusCode.Redirect, "/dashboard"), (chosen.StatusCode, chosen.Headers.Location?.OriginalString));
        var flags = chosen.Headers.GetValues("Set-Cookie").Single();
        foreach (var flag in (string[])["httponly", "samesite=lax", "path=/", "max-age="])
            Assert.Contains(flag, flags, StringComparison.OrdinalIgnoreCase);
        // Over http, a browser would not keep it.
        Assert.DoesNotContain("secure", flags, StringComparison.OrdinalIgnoreCase);

        page = await browser.PageAsync("/dashboard");
        Assert.Equal("1.120,40", page.QuerySelector("td.amount")!.TextContent);
        Assert.Equal("dark", page.DocumentElement.GetAttribute("data-theme"));
        Assert.Equal("de-DE", page.QuerySelector("#culture option[selected]")!.GetAttribute("value"));
        Assert.Equal("dark", page.QuerySelector("input[name=theme][checked]")!.GetAttribute("value"));
    }

    [Theory]
    [InlineData("neon", "", "theme must be light, dark or empty, and is 'neon'")]
    [InlineData("dark", "de", "culture must be one that the form offers, and is 'de'")]
    public async Task Choice_OfWhatIsNotOffered_Is400(string theme, string culture, string error)
    {
        var (browser, _) = await _app.BrowseAsync();
        using var own = browser;

        using var answer = await browser.SendAsync(
            await browser.PageAsync("/dashboard"),
            "/display",
            ("theme", theme),
            ("culture", culture)
        );

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(error, (await TestBrowser.PageAsync(answer)).Words("p.wrong"));
    }

    /// <summary>As without ICU, where the runtime knows the invariant culture alone.</summary>
    [Fact]
    public async Task Page_OfAMachineWithoutCultures_HasTheInternationalFormsAndSaysSo()
    {
        await using ApiApp app = new(fixture.DatabaseConnection, fixture.CacheConnection, services: services =>
            services.Replace(ServiceDescriptor.Singleton(new DisplayCultures([])))
        );
        var (browser, _) = await app.BrowseAsync(user => PageEntries.Entry(user));
        using var own = browser;
        browser.Languages = "de-DE";

        var page = await browser.PageAsync("/dashboard");

        Assert.Equal("1,120.40", page.QuerySelector("td.amount")!.TextContent);
        Assert.Contains("ICU is not installed", page.Words(".menu p"), StringComparison.Ordinal);
        Assert.Empty(page.QuerySelectorAll("#culture"));
    }

    [Theory]
    [InlineData(true, "libicuuc.so.72", true)]
    [InlineData(true, "libicuuc.so", true)]
    [InlineData(true, "libc.so", false)]
    [InlineData(false, "libc.so", true)]
    public void Icu_OnAMachine_IsFoundByTheNamesThatTheRuntimeLooksFor(bool mustLook, string there, bool expected) =>
        Assert.Equal(expected, IcuFallback.HasIcu(mustLook, name => name == there));

    /// <summary>Beyond the digits of a double.</summary>
    [Fact]
    public async Task Amounts_OfManyDigits_AreShownExactly()
    {
        var (browser, _) = await _app.BrowseAsync(user =>
            PageEntries.Entry(
                user,
                [new("AAA", "A", "Bonds", 0.0001m, 922_337_203_685_477.5807m, 1)],
                contribution: 922_337_203_685_477.5807m
            )
        );
        using var own = browser;
        browser.Languages = "de-DE";

        var page = await browser.PageAsync("/dashboard");

        Assert.Equal("922.337.203.685.477,5807", page.QuerySelector("td.amount")!.TextContent);
        Assert.Equal("922.337.203.685.477,5807", page.Words("h1 .num"));
        Assert.Equal("0,0001", page.Words("td.score"));
    }

    [Fact]
    public void Numbers_AreRoundedHalfAwayFromZeroAndSigned()
    {
        DisplayFormats formats = new(CultureInfo.GetCultureInfo("en-US"));
        Assert.Equal(
            ["0.3", "-0.3", "+0.3", "-0.3", "0.0"],
            [
                formats.Number(0.25m, 1),
                formats.Number(-0.25m, 1),
                formats.Signed(0.25m, 1),
                formats.Signed(-0.25m, 1),
                formats.Signed(0.04m, 1),
            ]
        );
        Assert.Equal(
            [0, 2, 4],
            [DisplayFormats.Decimals([1, 2.0000m]), DisplayFormats.Decimals([1, 2.5m]), DisplayFormats.Decimals([2.5m, 0.001m])]
        );
    }
}
