using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Overnight.Core.Explanations;
using Overnight.Core.Portfolios;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Explanations;

/// <summary>SPEC C8: what a night over other inputs would have written, and nothing stored.</summary>
public sealed partial class WhatIfRouteTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task C8_WhatIf_IsWhatANightOverTheSameInputsWrites()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var classes = await IdsAsync(night, "select id from asset_classes where user_id = $1 order by name limit 2");
        // None of these letters needs an escape.
        const string criteria =
            """[{"id":"a","name":"Größe","metric":"market_cap","operator":"gt","value":"1000000000","points":40,"requiredFundamentals":["market_cap"]},{"id":"b","name":"Cheap","metric":"pe_ratio","operator":"between","value":"2","value2":"18","points":"-12.5","requiredFundamentals":[]},{"id":"c","name":"Pays","metric":"dividend_yield","operator":"exists","points":7,"requiredFundamentals":["dividend_yield"]}]""";
        var body = $$"""
            {"contribution":"777.77","criteria":{{criteria}},"targets":[
                {"classId":"{{classes[0]}}","targetMin":"1.5","targetMax":"66.25","minAmount":"25"},{"classId":"{{classes[
                1
            ]}}","targetMin":null,"targetMax":null}]}
            """;

        var unchanged = await night.AskBytesAsync("/api/what-if", "{}");
        var answer = await night.AskBytesAsync($"/api/what-if?run={night.Run.Id}", body);

        AssertSame(await night.StoredAsync(night.Run.Id), unchanged);
        await night.Night.ExecuteAsync("update portfolios set contribution = 777.77 where user_id = $1", Ct, night.User);
        await night.Night.ExecuteAsync(
            "update asset_classes set target_min = 1.5, target_max = 66.25, min_amount = 25 where id = $1",
            Ct,
            classes[0]
        );
        await night.Night.ExecuteAsync("update asset_classes set target_min = null, target_max = null where id = $1", Ct, classes[1]);
        await ReplaceCriteriaAsync(night, criteria);
        var second = await night.Night.RunAsync(Ct, again: true);
        AssertSame(await night.StoredAsync(second.Id), answer);
        Assert.NotEqual(Comparable(unchanged), Comparable(answer));
    }

    [Fact]
    public async Task C8_OtherFundamental_IsWhatANightOverTheSameInputsWrites()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        await ReplaceCriteriaAsync(
            night,
            """
            [
                {"id":"a","name":"Large","metric":"market_cap","operator":"gt","value":"20000000000","points":40,"requiredFundamentals":[]},
                {"id":"b","name":"Cheap","metric":"pe_ratio","operator":"lte","value":"18","points":-12,"requiredFundamentals":[]}
            ]
            """
        );
        var first = await night.Night.RunAsync(Ct, again: true);
        var (asset, metric, to) = await FundamentalThatMattersAsync(night, first.Id);

        var answer = await night.AskBytesAsync(
            "/api/what-if",
            $$"""{"fundamental":{"assetId":"{{asset}}","metric":"{{metric}}","value":"{{to}}"} }"""
        );

        await night.Night.ExecuteAsync(
            $"""
            create temp table corrected as select * from fundamentals where asset_id = '{Guid.Parse(asset)}';
            update corrected set {metric} = {to}, known_at = known_at + interval '1 second';
            insert into fundamentals select * from corrected; drop table corrected
            """,
            Ct
        );
        var second = await night.Night.RunAsync(Ct, again: true);
        AssertSame(await night.StoredAsync(second.Id), answer);
        Assert.NotEqual(Comparable(await night.StoredAsync(first.Id)), Comparable(answer));
    }

    [Fact]
    public async Task C8_ShiftedTargets_AreThoseTargetsAndCashIsValuedInItsClass()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var id = (await IdsAsync(night, "select id from asset_classes where user_id = $1 order by name limit 1"))[0];
        await night.Night.ExecuteAsync("update asset_classes set target_min = 10, target_max = 20 where id = $1", Ct, id);
        var run = await night.Night.RunAsync(Ct, again: true);

        var shifted = await night.AskBytesAsync("/api/what-if", $$"""{"shift":{"classId":"{{id}}","points":"-2.25"} }""");
        var set = await night.AskBytesAsync("/api/what-if", $$"""{"targets":[{"classId":"{{id}}","targetMin":7.75,"targetMax":17.75}]}""");
        var cash = await night.AskBytesAsync("/api/what-if", $$"""{"cash":{"classId":"{{id}}","amount":"5000.5"} }""");
        var unclassified = await night.AskAsync("/api/what-if", """{"cash":{"classId":null,"amount":"10"}}""");

        AssertSame(set, shifted);
        Assert.Equal("unclassified", unclassified["classes"]!.AsArray()[^1]!["className"]!.GetValue<string>());
        var captured = await night.App.Get<CapturedInputsReader>().FindAsync(night.User, run.Id, Ct);
        var inputs = captured!.Inputs with { Cash = new(captured.Inputs.Portfolio.Classes.FindIndex(c => c.Id == id), 5000.5m) };
        AssertSame(WhatIfResultWriter.Write(captured, inputs, TimeProvider.System.GetUtcNow()), cash);
        Assert.Equal(Decimal4.Round(5000.5m), inputs.Calculate().TotalValue - captured.Inputs.Calculate().TotalValue);
    }

    [Fact]
    public async Task C8_WhatIf_ReadsOneEventAndOneRowOfCriteriaAndStoresNothing()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var queries = night.App.Queries;
        var stored = await night.StoredRowsAsync();

        await night.AskAsync("/api/what-if", "{}");
        Assert.Equal(
            (1, 1, 1),
            (queries.Count("calculation_events"), queries.Count("criteria_versions"), queries.Count("market_snapshots"))
        );
        await night.AskAsync($"/api/what-if?run={night.Run.Id}", """{"contribution":1}""");
        Assert.Equal(
            (2, 2, 1),
            (queries.Count("calculation_events"), queries.Count("criteria_versions"), queries.Count("market_snapshots"))
        );
        await night.AskAsync(
            "/api/what-if",
            """{"criteria":[{"id":"a","name":"A","metric":"roe","operator":"gt","value":1,"points":10,"requiredFundamentals":[]}]}"""
        );
        Assert.Equal((3, 2), (queries.Count("calculation_events"), queries.Count("criteria_versions")));

        Assert.Equal(stored, await night.StoredRowsAsync());
    }

    /// <returns>A fundamental of a holding that an own criterion compares, and a value of it with another outcome.</returns>
    private static async Task<(string Asset, string Metric, string To)> FundamentalThatMattersAsync(ExplanationNight night, Guid run)
    {
        var why = await night.GetAsync($"/api/calculations/{run}/why");
        foreach (var holding in why["holdings"]!.AsArray())
        {
            foreach (var one in holding!["criteria"]!.AsArray())
            {
                if (one!["value"] is null)
                    continue;
                var bound = decimal.Parse(one["bound"]!.GetValue<string>(), CultureInfo.InvariantCulture);
                var wantsMore = one["operator"]!.GetValue<string>() is "gt" != (one["outcome"]!.GetValue<string>() == "matched");
                return (
                    holding["assetId"]!.GetValue<string>(),
                    one["metric"]!.GetValue<string>(),
                    (wantsMore ? bound + 1.25m : bound - 1.25m).ToString(CultureInfo.InvariantCulture)
                );
            }
        }
        throw new InvalidOperationException("No holding has a value that a criterion compares.");
    }

    /// <summary>Gives the user a new version of criteria, from the next run on.</summary>
    /// <param name="rules">Without a space after a colon: PostgreSQL keeps the text of type json as it is.</param>
    private static async Task ReplaceCriteriaAsync(ExplanationNight night, string rules)
    {
        await night.Night.ExecuteAsync(
            """
            insert into criteria_versions (id, user_id, version, rules)
            select gen_random_uuid(), $1, max(version) + 1, $2::json from criteria_versions where user_id = $1
            """,
            Ct,
            night.User,
            rules
        );
        await night.Night.ExecuteAsync("update portfolios set criteria_version = criteria_version + 1 where user_id = $1", Ct, night.User);
    }

    private static async Task<List<Guid>> IdsAsync(ExplanationNight night, string sql)
    {
        await using var command = night.Night.Database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = night.User });
        await using var reader = await command.ExecuteReaderAsync(Ct);
        List<Guid> ids = [];
        while (await reader.ReadAsync(Ct))
            ids.Add(reader.GetGuid(0));
        return ids;
    }

    private static void AssertSame(byte[] expected, byte[] actual) => Assert.Equal(Comparable(expected), Comparable(actual));

    /// <summary>All but times, run and checksum.</summary>
    private static string Comparable(byte[] result) => Varying().Replace(Encoding.UTF8.GetString(result), "");

    [GeneratedRegex("""("generatedAt"|"pricesAsOf"|"ratesAsOf"|"checksum"):(null|"[^"]*")|"run":\{[^}]*\}""")]
    private static partial Regex Varying();
}
