using System.Net;
using System.Text.Json;
using Overnight.Core.Runs;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Audit;

/// <summary>SPEC A6, D2: what a night calculated is found by user, by asset and by run, and shown in full.</summary>
public sealed class CalculationTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calculations_OfAnAsset_PageByPage_AreThoseOfItsHoldersNewestFirst()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 130, Ct);
        var (first, second) = (await night.RunAsync(Ct), await night.RunAsync(Ct, again: true));
        await using var app = await AppAsync(night);
        var asset = await night.ScalarAsync<Guid>(
            "select asset_id from holdings where not ignored group by 1 order by count(*) desc, 1 limit 1",
            Ct
        );
        var holders = await IdsAsync(night, "select user_id from holdings where asset_id = $1 and not ignored", asset);

        var items = await PagesAsync(app, $"/api/calculations?asset={asset}&limit=3");

        Assert.True(holders.Count > 3);
        Assert.Equal(
            Enumerable.Repeat(second.Id, holders.Count).Concat(Enumerable.Repeat(first.Id, holders.Count)),
            items.Select(i => i.GetProperty("runId").GetGuid())
        );
        Assert.Equal(holders.Order(), items.Take(holders.Count).Select(i => i.GetProperty("userId").GetGuid()).Order());
        Assert.Equal(holders.Order(), items.Skip(holders.Count).Select(i => i.GetProperty("userId").GetGuid()).Order());
        Assert.All(items, i => Assert.Equal("completed", i.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Calculations_OfAUser_AreNewestFirstAndInThePeriod()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 10, Ct);
        List<PipelineRun> runs = [];
        for (var revision = 1; revision <= 3; revision++)
            runs.Add(await night.RunAsync(Ct, again: revision > 1));
        await using var app = await AppAsync(night);
        var user = await night.ScalarAsync<Guid>("select id from users where role = 'user' order by id limit 1", Ct);
        var day = runs[0].BusinessDate;

        var items = await PagesAsync(app, $"/api/calculations?user={user}&limit=2");
        var inside = await PagesAsync(app, $"/api/calculations?user={user}&from={day:yyyy-MM-dd}&until={day:yyyy-MM-dd}");
        var before = await PagesAsync(app, $"/api/calculations?user={user}&until={day.AddDays(-1):yyyy-MM-dd}");
        var after = await PagesAsync(app, $"/api/calculations?user={user}&from={day.AddDays(1):yyyy-MM-dd}");

        Assert.Equal(runs.Select(r => r.Id).Reverse(), items.Select(i => i.GetProperty("runId").GetGuid()));
        Assert.Equal((3, 0, 0), (inside.Count, before.Count, after.Count));
        Assert.Equal($"/api/calculations/{runs[2].Id}/{user}", items[0].GetProperty("links").GetProperty("self").GetString());
        Assert.Equal([3, 2, 1], items.Select(i => i.GetProperty("revision").GetInt32()));
    }

    [Fact]
    public async Task Calculations_OfARun_AreThoseOfItsUsersFailedOnesIncluded()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 30, Ct);
        var failing = await night.ScalarAsync<Guid>("select id from users where role = 'user' order by id offset 7 limit 1", Ct);
        await night.ExecuteAsync("update portfolios set criteria_version = null where user_id = $1", Ct, failing);
        var run = await night.RunAsync(Ct);
        await using var app = await AppAsync(night);

        var items = await PagesAsync(app, $"/api/calculations?run={run.Id}&limit=7");
        var failed = Assert.Single(items, i => i.GetProperty("status").GetString() == "failed");
        var failures = await PagesAsync(app, $"/api/runs/{run.Id}/failures?limit=1");
        using var opened = await JsonAsync(app, failures[0].GetProperty("links").GetProperty("self").GetString()!);

        Assert.Equal(30, items.Select(i => i.GetProperty("userId").GetGuid()).Distinct().Count());
        Assert.Equal(
            (failing, "load", "no_criteria"),
            (failed.GetProperty("userId").GetGuid(), failed.GetProperty("stage").GetString(), failed.GetProperty("reason").GetString())
        );
        Assert.Equal(failing, Assert.Single(failures).GetProperty("userId").GetGuid());
        Assert.Equal(
            ["CALC_STARTED", "CALC_COMPLETED"],
            opened.RootElement.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("type").GetString())
        );
        Assert.Equal("failed", opened.RootElement.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Calculation_Opened_ShowsFourEventsThatAddUp()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);
        var run = await night.RunAsync(Ct);
        await using var app = await AppAsync(night);
        var user = await night.ScalarAsync<Guid>("select id from users where role = 'user' order by id limit 1", Ct);

        using var opened = await JsonAsync(app, $"/api/calculations/{run.Id}/{user}");

        var events = opened.RootElement.GetProperty("events").EnumerateArray().ToArray();
        Assert.Equal(
            ["CALC_STARTED", "INPUTS_CAPTURED", "SCORES_COMPUTED", "CALC_COMPLETED"],
            events.Select(e => e.GetProperty("type").GetString())
        );
        var (inputs, scores) = (events[1], events[2]);
        var holdings = (int)await night.ScalarAsync<long>("select count(*) from holdings where user_id = $1 and not ignored", Ct, user);
        Assert.Equal(5, inputs.GetProperty("criteria").GetProperty("rules").GetArrayLength());
        Assert.Equal(holdings, inputs.GetProperty("holdings").GetArrayLength());
        Assert.Equal(2, inputs.GetProperty("writerVersion").GetInt32());
        Assert.All(inputs.GetProperty("holdings").EnumerateArray(), h => Assert.NotEmpty(h.GetProperty("name").GetString()!));
        Assert.Equal(run.SnapshotId, inputs.GetProperty("snapshot").GetProperty("id").GetGuid());
        Assert.Equal(holdings, events[3].GetProperty("scores").GetInt32());
        foreach (var score in scores.GetProperty("scores").EnumerateArray())
        {
            var breakdown = score.GetProperty("breakdown").EnumerateArray().ToArray();
            Assert.Equal(5, breakdown.Length);
            Assert.Equal(Number(score, "score"), breakdown.Sum(c => Number(c, "points")));
        }

        // What the user was told, from the same scores.
        var told = await night.ScalarAsync<byte[]>("select recommendations from calculation_results where user_id = $1", Ct, user);
        using var stored = JsonDocument.Parse(told);
        var byAsset = scores
            .GetProperty("scores")
            .EnumerateArray()
            .ToDictionary(s => s.GetProperty("assetId").GetGuid(), s => s.GetProperty("score").GetString());
        Assert.All(stored.RootElement.GetProperty("recommendations").EnumerateArray(), r =>
            Assert.Equal(r.GetProperty("score").GetString(), byAsset[r.GetProperty("assetId").GetGuid()])
        );
    }

    [Fact]
    public async Task Calculation_WhoseCriteriaWereErased_IsStillShown()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        var run = await night.RunAsync(Ct);
        await using var app = await AppAsync(night);
        var user = await night.ScalarAsync<Guid>("select id from users where role = 'user' order by id limit 1", Ct);
        await night.ExecuteAsync("update portfolios set criteria_version = null where user_id = $1", Ct, user);
        await night.ExecuteAsync("delete from criteria_versions where user_id = $1", Ct, user);

        using var opened = await JsonAsync(app, $"/api/calculations/{run.Id}/{user}");

        Assert.Equal(4, opened.RootElement.GetProperty("events").GetArrayLength());
        Assert.Equal(
            JsonValueKind.Null,
            opened.RootElement.GetProperty("events")[1].GetProperty("criteria").GetProperty("rules").ValueKind
        );
    }

    [Fact]
    public async Task Calculation_WithDamagedEvents_SaysSo()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        var run = await night.RunAsync(Ct);
        await using var app = await AppAsync(night);
        var user = await night.ScalarAsync<Guid>("select id from users where role = 'user' order by id limit 1", Ct);
        await night.ExecuteAsync("update calculation_events set payload = '\\x09' where type = 2 and user_id = $1", Ct, user);
        var (_, token) = await app.Database.SignInAsync("admin");

        using var response = await app.GetAsync($"/api/calculations/{run.Id}/{user}", token, Ct);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains("can't be read", await response.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    private async Task<ApiApp> AppAsync(PipelineFixture night) =>
        new(night.DatabaseConnection, await servers.CacheConnectionStringAsync(Ct));

    private static decimal Number(JsonElement element, string name) => decimal.Parse(element.GetProperty(name).GetString()!);

    private static async Task<List<Guid>> IdsAsync(PipelineFixture night, string sql, Guid value)
    {
        await using var command = night.Database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(Ct);
        List<Guid> ids = [];
        while (await reader.ReadAsync(Ct))
            ids.Add(reader.GetGuid(0));
        return ids;
    }

    private static async Task<List<JsonElement>> PagesAsync(ApiApp app, string path)
    {
        List<JsonElement> items = [];
        string? cursor = null;
        do
        {
            using var page = await JsonAsync(app, cursor is null ? path : $"{path}&cursor={cursor}");
            items.AddRange(page.RootElement.GetProperty("items").EnumerateArray().Select(i => i.Clone()));
            cursor = page.RootElement.GetProperty("nextCursor").GetString();
        } while (cursor is not null);
        return items;
    }

    private static async Task<JsonDocument> JsonAsync(ApiApp app, string path)
    {
        var (_, token) = await app.Database.SignInAsync("admin");
        using var response = await app.GetAsync(path, token, Ct);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(Ct));
    }
}
