using Microsoft.Playwright;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Pages;

/// <summary>Which stores answer while a page is opened.</summary>
internal enum Stores
{
    Both,
    CacheAlone,
    Neither,
}

/// <summary>A page in one of its states: what the tests check, and what the contact sheet shows.</summary>
/// <param name="Name">Of its pictures.</param>
/// <param name="PrepareAsync">Makes what it shows; returns its path, and the token of who opens it, null for nobody.</param>
/// <param name="ActAsync">What is done on it before it is looked at, by forms alone.</param>
internal sealed record PageState(
    string Name,
    Func<PageStateData, Task<(string Path, string? Token)>> PrepareAsync,
    Func<IPage, Task>? ActAsync = null,
    Stores Stores = Stores.Both
);

/// <summary>Every page in every state that has a name.</summary>
internal static class PageStates
{
    /// <summary>Friday, half an hour after the night, and before Friday's open; the states are made for this moment.</summary>
    public static readonly DateTimeOffset Now = new(2026, 11, 20, 14, 10, 0, TimeSpan.Zero);

    private const string NoHash = "AQAAAAIAAYagAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

    private static readonly DateOnly Friday = new(2026, 11, 20);

    public static readonly PageState[] All =
    [
        Visitor("sign-in", "/"),
        Visitor("sign-in-to-go-on", "/?return=%2Fdashboard.csv"),
        Dashboard("normal", user => PageEntries.Entry(user)),
        Dashboard("large", PageEntries.Large),
        Dashboard("older-entry", user =>
            TestResults.Entry(user, generatedAt: "2026-11-20T12:31:00.000Z", ratesAsOf: "2026-11-19T15:00:00Z")
        ),
        Dashboard("provisional", user =>
            PageEntries.Entry(user, marks: ",\"pricesStale\":true,\"ratesStale\":false,\"staleSince\":\"2026-11-18T00:00:00Z\"")
        ),
        Dashboard("delayed", user => Aged(user, "2026-11-19", "2026-11-18")),
        Dashboard("stale", user => Aged(user, "2026-11-17", "2026-11-16")),
        Dashboard("all-over", AllOver),
        Dashboard("no-contribution", NoContribution),
        Dashboard("nothing-ranked", user => PageEntries.Entry(user, [], [], unallocated: 2_500)),
        Signed("first-day", "/dashboard", (data, user) => data.Database.AddHoldingAsync(user)),
        Signed("empty", "/dashboard"),
        Signed("failed", "/dashboard", async (data, user) =>
        {
            await data.Database.AddHoldingAsync(user);
            await data.Database.AddFailureAsync(user);
        }),
        Signed("history", "/history", AddHistoryAsync),
        Signed("history-empty", "/history"),
        Signed("history-none-here", "/history?market=LSE&from=2026-01-01", AddHistoryAsync),
        Signed("history-wrong-filter", "/history?from=2026-11-20&until=2026-11-01", AddHistoryAsync),
        Result("result", user => PageEntries.Entry(user)),
        Result("result-older", user => TestResults.Entry(user)),
        Result("result-failed", null, "missing_exchange_rate"),
        Signed("account", "/account", AddAccountAsync),
        Signed("account-first-day", "/account"),
        Signed("account-wrong-password", "/account", AddAccountAsync) with
        {
            ActAsync = async page =>
            {
                await page.GetByLabel("Current password").FillAsync("not my password");
                await page.GetByLabel("New password", new() { Exact = true }).FillAsync("short");
                await page.GetByLabel("New password again").FillAsync("short");
                await page.GetByRole(AriaRole.Button, new() { Name = "Change password" }).ClickAsync();
                await page.Locator(".field-error").First.WaitForAsync();
            },
        },
        Signed("account-erase", "/account/erase", AddAccountAsync),
        Signed("account-erase-no-password", "/account/erase"),
        Signed("account-erase-wrong-password", "/account/erase", AddAccountAsync) with
        {
            ActAsync = async page =>
            {
                await page.GetByLabel("Password").FillAsync("not my password");
                await page.GetByRole(AriaRole.Button, new() { Name = "Erase this account" }).ClickAsync();
                await page.Locator(".field-error").First.WaitForAsync();
            },
        },
        Explained("why", (_, _) => "/why"),
        Explained("why-holding", (run, asset) => $"/why/{run}/{asset}"),
        Explained("changes", (_, _) => "/changes"),
        Explained("what-if", (_, _) => "/what-if"),
        Explained("what-if-answered", (_, _) => "/what-if?cashClass=none&amount=1000"),
        Explained("what-if-refused", (_, _) => "/what-if?cashClass=none&amount=x"),
        Signed("nothing-to-explain", "/why"),
        Signed("not-found", "/nowhere"),
        Signed("forbidden", "/api/runs"),
        Dashboard("postgres-away", user => PageEntries.Entry(user)) with
        {
            Stores = Stores.CacheAlone,
        },
        Signed("both-away", "/dashboard") with
        {
            Stores = Stores.Neither,
        },
    ];

    private static PageState Visitor(string name, string path) => new(name, _ => Task.FromResult((path, (string?)null)));

    private static PageState Signed(string name, string path, Func<PageStateData, Guid, Task>? prepare = null) => new(name, async data =>
        {
            var (user, token) = await data.SignInAsync();
            if (prepare is not null)
                await prepare(data, user);
            return (path, token);
        });

    private static PageState Explained(string name, Func<Guid, Guid, string> path) => new(name, async data =>
        {
            var (user, token) = await data.SignInAsync();
            var (run, asset) = await data.AddExplainedNightsAsync(user);
            return (path(run, asset), token);
        });

    private static PageState Dashboard(string name, Func<Guid, byte[]> entry) =>
        Signed(name, "/dashboard", (data, user) => data.CacheAsync(user, entry(user)));

    private static PageState Result(string name, Func<Guid, byte[]>? entry, string? failure = null) => new(name, async data =>
        {
            var (user, token) = await data.SignInAsync();
            return ($"/history/{await data.AddNightAsync(user, Friday, entry?.Invoke(user), failure)}", token);
        });

    private static byte[] Aged(Guid user, string generated, string priced) =>
        PageEntries.Entry(
            user,
            generatedAt: $"{generated}T12:31:00.000Z",
            pricesAsOf: $"{priced}T21:00:00Z",
            ratesAsOf: $"{priced}T15:00:00Z"
        );

    private static byte[] AllOver(Guid user) =>
        PageEntries.Entry(
            user,
            [new("AAPL", "Apple", "US shares", 40, 0, -12), new("BND", "Total Bond Market", "Bonds", 40, 0, -8)],
            [new("US shares", 60, 35, 45, 60), new("Bonds", 40, 20, 30, 40)],
            unallocated: 2_500
        );

    private static byte[] NoContribution(Guid user) =>
        PageEntries.Entry(user, [.. PageEntries.Holdings.Select(item => item with { Amount = 0 })], contribution: 0);

    /// <summary>A month of nights on two markets, one of them failed, more than a page has.</summary>
    private static async Task AddHistoryAsync(PageStateData data, Guid user)
    {
        for (var (day, at) = (new DateOnly(2026, 10, 22), 0); day <= Friday; day = day.AddDays(1), at++)
        {
            if (day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday)
                continue;
            var entry = at switch
            {
                4 => AllOver(user),
                9 => NoContribution(user),
                _ => PageEntries.Entry(user, contribution: 2_500),
            };
            if (at == 13)
                await data.AddNightAsync(user, day, null, "missing_exchange_rate");
            else
                await data.AddNightAsync(user, day, entry, market: at % 7 == 6 ? "XETRA" : "NYSE", revision: at == 20 ? 2 : 1);
        }
    }

    private static async Task AddAccountAsync(PageStateData data, Guid user)
    {
        // A hash of nothing: the pages show only that there is a password.
        await data.Database.ExecuteAsync("insert into user_passwords values ($1, $2, now())", user, NoHash);
        await data.AddSessionAsync(user, TimeSpan.FromDays(3), "2001:db8::17", PageStateData.Phone);
        await data.AddSessionAsync(user, TimeSpan.FromDays(5), "203.0.113.9", "portfolio-sync/2.1");
        var run = await data.AddNightAsync(user, Friday, PageEntries.Entry(user));
        await data.AddReadAsync(user, run, Friday, "admin", TimeSpan.FromMinutes(50));
        await data.AddReadAsync(user, run, Friday, "admin-key", TimeSpan.FromMinutes(70));
        await data.AddReadAsync(user, run, Friday, "command", TimeSpan.FromMinutes(90));
    }
}
