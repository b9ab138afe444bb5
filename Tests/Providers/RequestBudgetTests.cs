using Npgsql;
using Overnight.Jobs.Providers;
using Overnight.Jobs.Providers.Http;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Pages;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Providers;

/// <summary>SPEC A9: requests per provider and day are counted and capped, over all replicas.</summary>
public sealed class RequestBudgetTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A9_Budget_IsOfAllReplicasTogether_AndOfADayInUtc()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        TestClock clock = new(new(2026, 11, 20, 23, 59, 0, TimeSpan.Zero));
        RequestBudget one = new(database, clock),
            other = new(database, clock);

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => TriedAsync(i % 2 == 0 ? one : other, 5)));
        Assert.Equal((5, 3), (taken.Count(reason => reason == ""), taken.Count(reason => reason == ProviderFault.BudgetUsed)));
        // Another provider has its own, and one without a limit is counted all the same.
        await one.TakeAsync("stooq", 0, Ct);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("", await TriedAsync(one, 5));
        clock.Advance(TimeSpan.FromDays(32));
        Assert.Equal("", await TriedAsync(one, 5));

        await using var rows = database.CreateCommand(
            "select string_agg(provider || ' ' || day || ' ' || calls || ' ' || coalesce(most, 0), ', ' order by day) from provider_calls"
        );
        Assert.Equal("ecb 2026-12-23 1 5", await rows.ExecuteScalarAsync(Ct));
    }

    [Fact]
    public async Task A9_NightWhoseBudgetIsUsed_SendsNoRequest_UsesStoredValues_AndTheListSaysWhatIsLeft()
    {
        TestClock clock = new();
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        await using var ecb = await ProviderServer.StartAsync(
            Behaviour.Answer(Answers.Xml, Answers.Ecb(today, Answers.DemoRatesPerEuro()))
        );
        Dictionary<string, string?> settings = new()
        {
            ["Providers:Rates:Order"] = "ecb",
            ["Providers:Rates:MaxMove"] = "100",
            ["Providers:Ecb:BaseUrl"] = ecb.Url,
            ["Providers:Ecb:RequestsPerDay"] = "1",
        };
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct, settings: settings, time: clock);
        await night.RunAsync(Ct);
        Assert.Single(ecb.Requests);

        var second = await night.RunAsync(Ct, again: true);

        Assert.Equal("completed", second.Status);
        Assert.Single(ecb.Requests);
        await using ApiApp app = new(night.DatabaseConnection, night.CacheConnection, clock);
        var (_, token) = await app.Database.SignInAsync("admin");
        using var answer = await app.GetAsync("/api/admin/providers", token, Ct);
        var state = (await answer.JsonAsync())
            .GetProperty("items")
            .EnumerateArray()
            .Single(item => item.GetProperty("provider").GetString() == "ecb");
        Assert.Equal(
            ("failed", "budget_used", 1, 0),
            (
                state.GetProperty("outcome").GetString(),
                state.GetProperty("reason").GetString(),
                state.GetProperty("callsToday").GetInt32(),
                state.GetProperty("callsLeft").GetInt32()
            )
        );
        // What it delivered in the run before.
        Assert.Equal(
            await night.ScalarAsync<DateTime>("select max(as_of) from exchange_rates where source = 'ecb'", Ct),
            state.GetProperty("asOf").GetDateTimeOffset().UtcDateTime
        );
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        var row = (await browser.PageAsync("/operations/providers")).QuerySelectorAll("table.cards tbody tr")[0];
        Assert.Equal("1, 0 left", row.QuerySelector("td[data-label='Calls today']")!.TextContent);
        Assert.NotNull(row.QuerySelector("td[data-label='As of'] time"));
    }

    private static async Task<string> TriedAsync(RequestBudget budget, int most)
    {
        try
        {
            await budget.TakeAsync("ecb", most, Ct);
            return "";
        }
        catch (ProviderException refused)
        {
            return refused.Reason;
        }
    }
}
