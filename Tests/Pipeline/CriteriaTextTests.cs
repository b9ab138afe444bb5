using System.Text.Json;
using Overnight.Api.Audit;
using Overnight.Core.Caching;
using Overnight.Tests.Harness;
using StackExchange.Redis;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A5, B3: criteria whose text is not Unicode fail their user at load, and nothing in the cache is unreadable.</summary>
public sealed class CriteriaTextTests(TestServers servers)
{
    /// <summary>As <c>../shared/cases/criteria-surrogate</c> inserts it; $1 user, $2 pattern, $3 replacement.</summary>
    private const string Rewrite = """
        with v as (
            insert into criteria_versions (id, user_id, version, rules, created_at)
            select gen_random_uuid(), user_id, version + 1, regexp_replace(rules::text, $2, $3)::json, now()
            from criteria_versions where user_id = $1 order by version desc limit 1 returning user_id, version)
        select version from v
        """;

    private static readonly (string Pattern, string Replacement, string Field)[] Halves =
    [
        ("""("name" *: *")""", """\1\\ud83d """, "criteria[0].name"),
        ("""("id" *: *")""", """\1\\udc00""", "criteria[0].id"),
        ("""("metric" *: *")""", "\"note\":{\"a\":[\"\\\\ud83d\"]},\\1", "criteria[0].note.a[0]"),
        ("""("metric" *: *")""", "\"\\\\ud83d\":1,\\1", "has a name"),
    ];

    [Fact]
    public async Task A5_B3_CriteriaWithHalfOfASurrogatePair_FailTheirUsersAlone()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 40, ct);
        List<Guid> users = [];
        foreach (var (pattern, replacement, _) in Halves)
        {
            users.Add(await night.ScalarAsync<Guid>("select user_id from portfolios order by 1 offset $1 limit 1", ct, 9 * users.Count));
            var version = await night.ScalarAsync<int>(Rewrite, ct, users[^1], pattern, replacement);
            await night.ExecuteAsync("update portfolios set criteria_version = $2 where user_id = $1", ct, users[^1], version);
        }
        // Whole pairs and escapes are text like any other.
        var other = await night.ScalarAsync<Guid>("select user_id from portfolios order by 1 offset 5 limit 1", ct);
        var good = await night.ScalarAsync<int>(Rewrite, ct, other, """("name" *: *")""", """\1\\ud83d\\ude00 \\u0000 \\\\ud83d """);
        await night.ExecuteAsync("update portfolios set criteria_version = $2 where user_id = $1", ct, other, good);
        await night.ExecuteAsync("update asset_classes set name = name || ' \"<é' || chr(128512) || chr(1)", ct);

        var run = await night.RunAsync(ct);

        Assert.Equal("partial", run.Status);
        await night.AssertExactlyOnceAsync(run.Id, 40, Halves.Length, ct);
        foreach (var (user, (_, _, field)) in users.Zip(Halves))
        {
            var failure = await night.ScalarAsync<string>(
                "select stage || '/' || reason || ': ' || detail from run_failures where run_id = $1 and user_id = $2",
                ct,
                run.Id,
                user
            );
            Assert.StartsWith("load/corrupt_criteria: ", failure, StringComparison.Ordinal);
            Assert.Contains(field, failure, StringComparison.Ordinal);
            Assert.Equal("failed", (await ReadAsync(night, run.Id, user, ct)).GetProperty("status").GetString());
        }
        // By readers that are not ours: PostgreSQL's for what is stored, .NET's for what is cached.
        Assert.Equal(
            0,
            await night.ScalarAsync<long>(
                "select count(*) from calculation_results where run_id = $1 and (replace(convert_from(recommendations, 'UTF8'), '\\u0000', '')::jsonb is null or convert_from(portfolio, 'UTF8')::jsonb is null)",
                ct,
                run.Id
            )
        );
        await using var reader = await night
            .Database.CreateCommand($"select user_id from calculation_results where run_id = '{run.Id}'")
            .ExecuteReaderAsync(ct);
        using var cache = await ConnectionMultiplexer.ConnectAsync(night.CacheConnection);
        while (await reader.ReadAsync(ct))
        {
            foreach (var key in new[] { CacheKeys.Recommendations(reader.GetGuid(0)), CacheKeys.Portfolio(reader.GetGuid(0)) })
                _ = JsonSerializer.Serialize(JsonElement.Parse((byte[])(await cache.GetDatabase().StringGetAsync(key))!));
        }
    }

    [Fact]
    public async Task A6_CalculationWithCriteriaFromBeforeTheyWereValidated_IsShown()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 3, ct);
        var run = await night.RunAsync(ct);
        await night.ExecuteAsync("alter table criteria_versions disable trigger criteria_versions_immutable", ct);
        await night.ExecuteAsync(
            """update criteria_versions set rules = regexp_replace(rules::text, '("name" *: *")', '\1\\ud83d ', 'g')::json""",
            ct
        );

        var user = await night.ScalarAsync<Guid>("select user_id from portfolios limit 1", ct);
        var events = (await ReadAsync(night, run.Id, user, ct)).GetProperty("events");

        var breakdown = events
            .EnumerateArray()
            .First(e => e.TryGetProperty("scores", out _))
            .GetProperty("scores")[0]
            .GetProperty("breakdown");
        Assert.StartsWith("\ufffd ", breakdown[0].GetProperty("name").GetString(), StringComparison.Ordinal);
    }

    /// <summary>What the api answers.</summary>
    private static async Task<JsonElement> ReadAsync(PipelineFixture night, Guid run, Guid user, CancellationToken ct)
    {
        CalculationReader reader = new(night.Database, new(night.Database));
        var document = Assert.IsType<CalculationDetail>(await reader.ReadAsync(run, user, ct));
        return JsonElement.Parse(JsonSerializer.SerializeToUtf8Bytes(document, JsonSerializerOptions.Web));
    }
}
