using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Overnight.Api.Explanations;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;

namespace Overnight.Tests.Explanations;

/// <summary>SPEC C7 over HTTP: why, what would have made it first, and what changed, of one's own results.</summary>
public sealed class WhyRouteTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task C7_Why_ExplainsEachHoldingOfTheStoredResult()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var stored = JsonNode.Parse(await night.StoredAsync(night.Run.Id))!;

        var why = await night.GetAsync($"/api/calculations/{night.Run.Id}/why");

        Assert.Equal($"{night.User}", why["userId"]!.GetValue<string>());
        Assert.Equal($"{night.Run.Id}", why["run"]!["runId"]!.GetValue<string>());
        Assert.Equal("1500.0000", why["contribution"]!.GetValue<string>());
        var ranked = why["holdings"]!.AsArray().Where(h => h!["rank"] is not null).ToList();
        Assert.Equal(
            stored["recommendations"]!.AsArray().Select(r => (Text(r, "symbol"), Text(r, "score"), Text(r, "amount"), Text(r, "name"))),
            ranked.Select(h => (Text(h, "symbol"), Text(h, "score"), Text(h, "amount"), Text(h, "name")))
        );
        Assert.All(ranked, holding =>
        {
            var parts = holding!["contribution"]!;
            Assert.Equal(
                Number(holding, "amount"),
                Number(parts, "share") - Number(parts, "pooledOut") + Number(parts, "pooledIn") + Number(parts, "remainder")
            );
            var criteria = holding["criteria"]!.AsArray();
            Assert.Equal(5, criteria.Count);
            Assert.Equal(Number(holding, "score"), criteria.Sum(c => Number(c!, "points")));
        });
    }

    [Fact]
    public async Task C7_EachCounterfactual_IsProvedByItsWhatIf()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var why = await night.GetAsync($"/api/calculations/{night.Run.Id}/why");
        var proved = 0;
        foreach (var holding in why["holdings"]!.AsArray())
        {
            var asset = Text(holding, "assetId");
            var one = await night.GetAsync($"/api/calculations/{night.Run.Id}/why/{asset}");
            Assert.Equal(holding!.ToJsonString(), one["holding"]!.ToJsonString());
            if (one["first"] is not { } first)
            {
                Assert.Null(holding["rank"]);
                continue;
            }
            Assert.Equal(holding["rank"]!.GetValue<int>() == 1 && Number(holding, "amount") > 0, first["isFirst"]!.GetValue<bool>());
            foreach (var kind in (string[])["fundamental", "target", "cash"])
            {
                if (first[kind] is not { } change)
                    continue;
                var answer = await night.AskAsync(Text(change["whatIf"], "href"), change["whatIf"]!["body"]!.ToJsonString());
                var best = answer["recommendations"]!.AsArray()[0]!;
                Assert.Equal(asset, Text(best, "assetId"));
                Assert.True(Number(best, "amount") > 0, $"{kind} of {asset}: {answer}");
                proved++;
            }
        }
        // Each run has other portfolios, and few have many.
        Assert.True(proved > 0, $"{proved} counterfactuals");
    }

    [Fact]
    public async Task C7_Changes_AddUpToTheDifferenceOfTheStoredResults()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        await night.Night.ExecuteAsync("update portfolios set contribution = 2100 where user_id = $1", Ct, night.User);
        await night.Night.ExecuteAsync(
            "update holdings set quantity = quantity * 3 where user_id = $1 and class_id is not null",
            Ct,
            night.User
        );
        var second = await night.Night.RunAsync(Ct, again: true);

        var changes = await night.GetAsync($"/api/calculations/changes?before={night.Run.Id}&after={second.Id}");

        Assert.Equal(
            ["rules", "rates", "prices", "fundamentals", "holdings", "criteria", "targets", "contribution"],
            changes["order"]!.AsArray().Select(f => f!.GetValue<string>())
        );
        var (before, after) = (await AmountsAsync(night, night.Run.Id), await AmountsAsync(night, second.Id));
        Assert.NotEqual(before, after);
        Assert.Equal(
            after.OrderBy(a => a.Key),
            changes["holdings"]!.AsArray().ToDictionary(h => Text(h, "assetId"), h => Number(h!, "after")).OrderBy(a => a.Key)
        );
        Assert.All(changes["holdings"]!.AsArray(), holding =>
        {
            Assert.Equal(before[Text(holding, "assetId")], Number(holding!, "before"));
            Assert.Equal(Number(holding!, "after") - Number(holding!, "before"), Number(holding!, "difference"));
            Assert.Equal(Number(holding!, "difference"), holding!["parts"]!.AsArray().Sum(part => Number(part)));
        });
        var contribution = changes["steps"]!.AsArray().ToList().FindIndex(s => s!.AsArray()[0]!.GetValue<string>() == "contribution");
        Assert.Equal(600, changes["holdings"]!.AsArray().Sum(h => Number(h!["parts"]!.AsArray()[contribution])));
    }

    [Fact]
    public async Task C7_ResultsOfOthers_AreNotThereAndAnAdministratorsReadIsRecorded()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var (_, stranger) = await night.App.Database.SignInAsync();
        var asset = Text((await night.GetAsync($"/api/calculations/{night.Run.Id}/why"))["holdings"]![0], "assetId");
        string[] paths =
        [
            $"/api/calculations/{night.Run.Id}/why?",
            $"/api/calculations/{night.Run.Id}/why/{asset}?",
            $"/api/calculations/changes?before={night.Run.Id}&after={night.Run.Id}&",
        ];
        foreach (var path in paths)
        {
            await night.GetAsync($"{path}user={night.User}", stranger, HttpStatusCode.NotFound);
            await night.GetAsync(path.TrimEnd('?', '&'), stranger, HttpStatusCode.NotFound);
        }
        await night.AskAsync($"/api/what-if?user={night.User}", "{}", stranger, HttpStatusCode.NotFound);
        await night.AskAsync($"/api/what-if?run={night.Run.Id}", "{}", stranger, HttpStatusCode.NotFound);
        await night.AskAsync("/api/what-if", "{}", stranger, HttpStatusCode.NotFound);
        Assert.Equal(0, await night.ReadsAsync());

        // Own reads are no reads of others.
        foreach (var path in paths)
            await night.GetAsync($"{path}user={night.User}");
        await night.AskAsync("/api/what-if", "{}");
        Assert.Equal(0, await night.ReadsAsync());

        for (var i = 0; i < paths.Length; i++)
        {
            await night.GetAsync($"{paths[i]}user={night.User}", night.AdminToken);
            // Of two results of a change each is opened.
            Assert.Equal(((int[])[1, 2, 4])[i], await night.ReadsAsync());
        }
        await night.AskAsync($"/api/what-if?user={night.User}", "{}", night.AdminToken);
        Assert.Equal(5, await night.ReadsAsync());
        var reads = await night.GetAsync("/api/account/reads");
        Assert.All(reads["items"]!.AsArray(), read => Assert.Equal($"{night.Run.Id}", Text(read, "runId")));
    }

    [Fact]
    public async Task C7_ReadThatCannotBeRecorded_Is503AndShowsNothing()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        await night.Night.ExecuteAsync("alter table result_reads add constraint never check (reader = 'nobody') not valid", Ct);

        var refused = await night.GetAsync(
            $"/api/calculations/{night.Run.Id}/why?user={night.User}",
            night.AdminToken,
            HttpStatusCode.ServiceUnavailable
        );
        await night.AskAsync($"/api/what-if?user={night.User}", "{}", night.AdminToken, HttpStatusCode.ServiceUnavailable);

        Assert.Equal("Not opened", Text(refused, "title"));
        Assert.Null(refused["holdings"]);
        await night.GetAsync($"/api/calculations/{night.Run.Id}/why");
    }

    [Fact]
    public async Task C7_SearchThatTakesTooLong_Is503AndTheRestIsStillExplained()
    {
        TestClock clock = new(TimeProvider.System.GetUtcNow());
        await using var night = await ExplanationNight.CreateAsync(servers, clock);
        var asset = Text((await night.GetAsync($"/api/calculations/{night.Run.Id}/why"))["holdings"]![3], "assetId");
        var searches = night.App.Get<ExplanationSearches>();
        while (await searches.Turns.WaitAsync(0, Ct)) { }

        var asked = night.GetAsync($"/api/calculations/{night.Run.Id}/why/{asset}", status: HttpStatusCode.ServiceUnavailable);
        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(20));
                return asked.IsCompleted;
            },
            "the search ends at its limit"
        );

        Assert.Contains("Explanations:SearchTimeout", Text(await asked, "detail"), StringComparison.Ordinal);
        await Eventually.TrueAsync(() => searches.UnderWay == 0, "a search that has no turn until its limit is given up");
        await night.GetAsync($"/api/calculations/{night.Run.Id}/why");
    }

    /// <summary>One user can't take the turns of all, and what was found is not searched for again.</summary>
    [Fact]
    public async Task C7_Searches_AreOneAtATimeForEachUser_AndRemembered()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var why = $"/api/calculations/{night.Run.Id}/why";
        var holdings = (await night.GetAsync(why))["holdings"]!;
        var (one, other) = ($"{why}/{Text(holdings[2], "assetId")}", $"{why}/{Text(holdings[3], "assetId")}");
        var searches = night.App.Get<ExplanationSearches>();
        var taken = 0;
        while (await searches.Turns.WaitAsync(0, Ct))
            taken++;

        var (first, same) = (night.GetAsync(one), night.GetAsync(one));
        await Eventually.TrueAsync(() => searches.UnderWay == 1, "the first search waits for its turn");
        var refused = await night.GetAsync(other, status: HttpStatusCode.TooManyRequests);
        var byAdmin = night.GetAsync($"{other}?user={night.User}", night.AdminToken);
        await Eventually.TrueAsync(() => searches.UnderWay == 2, "that of another user waits as well");
        searches.Turns.Release(taken);

        Assert.Equal("A search is under way", Text(refused, "title"));
        Assert.NotNull((await first)["first"]);
        Assert.True(JsonNode.DeepEquals(await first, await same));
        Assert.NotNull((await byAdmin)["first"]);
        while (await searches.Turns.WaitAsync(0, Ct)) { }
        Assert.True(JsonNode.DeepEquals(await first, await night.GetAsync(one)));
        Assert.NotNull((await night.GetAsync(other))["first"]);
    }

    [Fact]
    public async Task C7_WhatCannotBeCalculatedAgain_Is422()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        await night.Night.ExecuteAsync("update portfolios set criteria_version = null where user_id = $1", Ct, night.User);
        await night.Night.ExecuteAsync("delete from criteria_versions where user_id = $1", Ct, night.User);

        var why = await night.GetAsync($"/api/calculations/{night.Run.Id}/why", status: HttpStatusCode.UnprocessableEntity);
        await night.AskAsync("/api/what-if", "{}", status: HttpStatusCode.UnprocessableEntity);

        Assert.Equal("criteria_erased", Text(why, "reason"));
        // Other criteria take the place of those that are gone.
        await night.AskAsync(
            "/api/what-if",
            """{"criteria":[{"id":"a","name":"A","metric":"roe","operator":"gt","value":"1","points":10,"requiredFundamentals":[]}]}"""
        );
    }

    [Fact]
    public async Task C6_Command_IsARead_AndPrintsNothingWhereItCanNotBeRecorded()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var symbol = Text((await night.GetAsync($"/api/calculations/{night.Run.Id}/why"))["holdings"]![1], "symbol");

        var shown = await RunAsync(night, "why", $"{night.User}", symbol);
        var reads = (await night.GetAsync("/api/account/reads"))["items"]!.AsArray();
        await night.Night.ExecuteAsync("alter table result_reads add constraint never check (reader = 'nobody') not valid", Ct);
        var refused = await RunAsync(night, "why", $"{night.User}", symbol);

        Assert.Equal(0, shown.ExitCode);
        var read = Assert.Single(reads);
        Assert.Equal(
            ("command", $"{night.Run.Id}", $"{night.Run.BusinessDate:yyyy-MM-dd}"),
            (Text(read, "reader"), Text(read, "runId"), Text(read, "businessDate"))
        );
        Assert.Equal((3, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("could not be recorded", refused.Error, StringComparison.Ordinal);
        Assert.Equal(1, await night.ReadsAsync());
    }

    [Fact]
    public async Task C7_Command_PrintsTheSame()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var why = await night.GetAsync($"/api/calculations/{night.Run.Id}/why");
        var (asset, symbol) = (Text(why["holdings"]![1], "assetId"), Text(why["holdings"]![1], "symbol"));
        var one = await night.GetAsync($"/api/calculations/{night.Run.Id}/why/{asset}");

        var json = await RunAsync(night, "why", $"{night.User}", asset, "--run", $"{night.Run.Id}", "--json");
        var table = await RunAsync(night, "why", $"{night.User}", symbol.ToLowerInvariant());
        var unknown = await RunAsync(night, "why", $"{night.User}", "NO.SUCH");
        var stranger = await RunAsync(night, "why", "nobody@test.example", symbol);

        Assert.Equal((0, 0), (json.ExitCode, table.ExitCode));
        Assert.True(JsonNode.DeepEquals(one, JsonNode.Parse(json.Output)), json.Output);
        Assert.Contains($"Rank 2, {Text(one["holding"], "amount")} ", table.Output, StringComparison.Ordinal);
        Assert.Contains("What would have made it the first to buy:", table.Output, StringComparison.Ordinal);
        Assert.Equal((1, 1), (unknown.ExitCode, stranger.ExitCode));
        Assert.Contains("ASSET: the result of run", unknown.Error, StringComparison.Ordinal);
        Assert.Contains("USER: there is no user", stranger.Error, StringComparison.Ordinal);
    }

    private Task<JobsCommand> RunAsync(ExplanationNight night, params string[] arguments) =>
        JobsCommand.RunAsync(servers, night.Night.DatabaseConnection, arguments, night.Night.CacheConnection, "", Ct);

    private static async Task<Dictionary<string, decimal>> AmountsAsync(ExplanationNight night, Guid run) =>
        JsonNode.Parse(await night.StoredAsync(run))!["recommendations"]!
            .AsArray()
            .ToDictionary(r => Text(r, "assetId"), r => Number(r!, "amount"));

    private static string Text(JsonNode? node, string field) => node![field]?.GetValue<string>() ?? "";

    private static decimal Number(JsonNode? node, string field) => Number(node![field]);

    private static decimal Number(JsonNode? node) => decimal.Parse(node!.GetValue<string>(), CultureInfo.InvariantCulture);
}
