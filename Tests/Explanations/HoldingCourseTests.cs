using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Explanations;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Pages;

namespace Overnight.Tests.Explanations;

/// <summary>SPEC P3: a holding's course over past nights.</summary>
public sealed class HoldingCourseTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    /// <summary>The first holding of a test's entry.</summary>
    private static readonly Guid Asset = new("019a0000-0000-7000-8000-000000000000");

    private const string Symbol = "BND";

    private static readonly DateOnly Last = new(2026, 11, 20);

    private readonly ApiApp _app = fixture.App;

    [Fact]
    public async Task P3_Course_EndsWhereTheCurrencyWasAnother_AndSaysSo()
    {
        var user = await _app.Database.AddUserAsync();
        await AddAsync(user, 3, PageEntries.Entry(user, currency: "JPY", contribution: 150_000));
        await AddAsync(user, 2, PageEntries.Entry(user));
        await AddAsync(user, 1, PageEntries.Entry(user));

        var course = await ReadAsync(user);

        Assert.Equal(["2026-11-19", "2026-11-18"], course!.Rows.Select(row => row.Night));
        Assert.Equal("1,120.40\u00A0EUR", course.Most);
        Assert.Equal("Earlier nights were in JPY, and amounts in two currencies have no common scale.", course.Note);
    }

    /// <summary>Of results that large the page reads few.</summary>
    [Fact]
    public async Task P3_Course_OfLargeResults_ReadsAsMuchAsAPageMay()
    {
        var user = await _app.Database.AddUserAsync();
        var leftOut = string.Join(
            ',',
            Enumerable.Repeat("""{"assetId":"019a0000-0000-7000-8000-000000000099","symbol":"XYZ","reason":"no_price"}""", 20_000)
        );
        for (var days = 1; days <= 4; days++)
            await AddAsync(user, days, PageEntries.Entry(user, leftOut: leftOut));

        Assert.Equal(2, (await ReadAsync(user))!.Rows.Count);
    }

    [Fact]
    public async Task P3_Course_OfRevisionsOfOneDate_HasTheLatest()
    {
        var user = await _app.Database.AddUserAsync();
        await AddAsync(user, 2, PageEntries.Entry(user));
        await AddAsync(user, 1, PageEntries.Entry(user), revision: 1);
        await AddAsync(user, 1, PageEntries.Entry(user, [PageEntries.Holdings[0] with { Amount = 7 }]), revision: 2);

        Assert.Equal(["7.00\u00A0EUR", "1,120.40\u00A0EUR"], (await ReadAsync(user))!.Rows.Select(row => row.Amount));
    }

    [Fact]
    public async Task P3_Course_OfNightsThatDidNotRankTheHolding_SaysWhetherItWasLeftOutOrNotHeld()
    {
        var user = await _app.Database.AddUserAsync();
        var leftOut = $$"""{"assetId":"{{Asset}}","symbol":"{{Symbol}}","reason":"no_price"}""";
        TestHolding[] others = [.. PageEntries.Holdings.Skip(1)];
        // Assets of entries are numbered, so that the first of the others would have the asset's number.
        await AddAsync(user, 3, PageEntries.Entry(user, []));
        await AddAsync(user, 2, PageEntries.Entry(user, [], leftOut: leftOut));
        await AddAsync(user, 1, PageEntries.Entry(user, [PageEntries.Holdings[0] with { Amount = 0 }, .. others]));

        var course = await ReadAsync(user);

        Assert.Equal(["0.00\u00A0EUR", "left out", "not held"], course!.Rows.Select(row => row.Amount));
        Assert.Null(course.Most);
        Assert.EndsWith("no amount in any of them.", course.Description, StringComparison.Ordinal);
    }

    private Task<Guid> AddAsync(Guid user, int daysAgo, byte[] entry, int revision = 1) =>
        new PageStateData(_app.Database, _app.Cache, PageStates.Now).AddNightAsync(user, Last.AddDays(-daysAgo), entry, revision: revision);

    private Task<CourseViewModel?> ReadAsync(Guid user) =>
        _app.Get<HoldingCourse>().ReadAsync(user, Asset, Symbol, Last, DisplayFormats.International, TestContext.Current.CancellationToken);
}
