using System.Text.Json;
using Overnight.Core.Caching;
using Overnight.Core.Recommendations;
using Overnight.Tests.Calculation;
using Overnight.Tests.Harness;
using StackExchange.Redis;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A2, A4-A7, B1, B2: one night, in this process, on a real database and cache.</summary>
public sealed class PipelineTests(TestServers servers)
{
    [Fact]
    public async Task Night_DemoUsers_EachHasOneResultFourEventsAndBothCacheEntries()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 120, ct);

        var run = await night.RunAsync(ct);

        Assert.Equal("completed", run.Status);
        await night.AssertExactlyOnceAsync(run.Id, 120, 0, ct);
        using var cache = await ConnectionMultiplexer.ConnectAsync(night.CacheConnection);
        await foreach (var (userId, recommendations, portfolio) in StoredAsync(night, run.Id))
        {
            Assert.Equal(recommendations, (byte[]?)await cache.GetDatabase().StringGetAsync(CacheKeys.Recommendations(userId)));
            Assert.Equal(portfolio, (byte[]?)await cache.GetDatabase().StringGetAsync(CacheKeys.Portfolio(userId)));
            Assert.InRange(
                (await cache.GetDatabase().KeyTimeToLiveAsync(CacheKeys.Recommendations(userId)))!.Value.TotalSeconds,
                86_000,
                86_400
            );
            Assert.True(ResultIntegrity.AreOf(userId, recommendations));
            Assert.True(ResultIntegrity.AreOf(userId, portfolio));
        }
        var metrics = JsonDocument
            .Parse(await night.ScalarAsync<string>("select metrics::text from overnight_job_runs where id = $1", ct, run.Id))
            .RootElement;
        Assert.Equal(120, metrics.GetProperty("users_success").GetInt32());
        Assert.Equal(120, metrics.GetProperty("users_cached").GetInt32());
        Assert.Equal(0, metrics.GetProperty("batches_uncached").GetInt32());
        Assert.True(metrics.GetProperty("assets_scored").GetInt32() > 1_000);
    }

    [Fact]
    public async Task Night_B1_B2_Result_HasTheFieldsOfTheContractAndAmountsThatAddUp()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 60, ct);

        var run = await night.RunAsync(ct);

        var names = await PairsAsync(night, "select id, name from assets", ct);
        await foreach (var (userId, recommendations, portfolio) in StoredAsync(night, run.Id))
        {
            var root = JsonDocument.Parse(recommendations).RootElement;
            Assert.Equal(userId, root.GetProperty("userId").GetGuid());
            Assert.Equal(TimeSpan.Zero, root.GetProperty("generatedAt").GetDateTimeOffset().Offset);
            var amounts = root.GetProperty("recommendations")
                .EnumerateArray()
                .Select(r => decimal.Parse(r.GetProperty("amount").GetString()!))
                .ToList();
            Assert.Equal(
                decimal.Parse(root.GetProperty("totalInvestable").GetString()!),
                amounts.Sum() + decimal.Parse(root.GetProperty("unallocated").GetString()!)
            );
            var first = root.GetProperty("recommendations")[0];
            string[] fields =
            [
                "assetId",
                "symbol",
                "score",
                "amount",
                "currency",
                "allocationGap",
                "breakdown",
                "name",
                "className",
                "rank",
            ];
            Assert.Equal(fields, first.EnumerateObject().Select(p => p.Name));
            Assert.True(first.GetProperty("breakdown").GetProperty("criteriaCount").GetInt32() <= 5);
            Assert.Equal(
                ["totalValue", "baseCurrency", "allocations"],
                root.GetProperty("portfolioSummary").EnumerateObject().Select(p => p.Name)
            );
            Assert.Equal(
                ["pricesAsOf", "ratesAsOf", "criteriaVersion"],
                root.GetProperty("dataFreshness").EnumerateObject().Select(p => p.Name)
            );

            var classes = await PairsAsync(
                night,
                "select h.asset_id, c.name from holdings h join asset_classes c on c.user_id = h.user_id and c.id = h.class_id where h.user_id = $1",
                ct,
                userId
            );
            NewestForm.AssertHolds(root, id => names[id], id => classes.GetValueOrDefault(id), $"User {userId}");
            Assert.Equal(
                ["className", "current", "targetMin", "targetMax", "after"],
                root.GetProperty("classes")[0].EnumerateObject().Select(p => p.Name)
            );

            var summary = JsonDocument.Parse(portfolio).RootElement;
            Assert.Equal(
                root.GetProperty("portfolioSummary").GetProperty("totalValue").GetString(),
                summary.GetProperty("totalValue").GetString()
            );
            Assert.Equal(
                ["className", "currentPercent", "targetMin", "targetMax"],
                summary.GetProperty("allocations")[0].EnumerateObject().Select(p => p.Name)
            );
            Assert.InRange(
                summary.GetProperty("allocations").EnumerateArray().Sum(a => decimal.Parse(a.GetProperty("currentPercent").GetString()!)),
                99.99m,
                100.01m
            );
        }
    }

    [Fact]
    public async Task Night_PoisonedUsers_AreRecordedWithStageAndReasonAndStopNobody()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 60, ct);
        // Of the demo users, by order of their ids.
        await PoisonAsync(night, 3, "update portfolios set criteria_version = null where user_id = $1", ct);
        await PoisonAsync(
            night,
            17,
            "with v as (insert into criteria_versions (user_id, version, id, rules) values ($1, 99, gen_random_uuid(), '[{\"id\":\"x\",\"name\":\"x\",\"metric\":\"beauty\",\"operator\":\"gt\",\"value\":\"1\",\"points\":1}]') returning 1) select 1 from v",
            ct
        );
        await PoisonAsync(night, 17, "update portfolios set criteria_version = 99 where user_id = $1", ct);
        await PoisonAsync(night, 31, "update users set base_currency = 'XTS' where id = $1", ct);
        await PoisonAsync(
            night,
            59,
            "with a as (insert into assets (id, market, symbol, name, currency) values (gen_random_uuid(), 'NYSE', 'NOPRICE', 'No price', 'USD') returning id), d as (delete from holdings where user_id = $1) insert into holdings (user_id, asset_id, quantity) select $1, id, 1 from a",
            ct
        );

        var run = await night.RunAsync(ct);

        Assert.Equal("partial", run.Status);
        await night.AssertExactlyOnceAsync(run.Id, 60, 4, ct);
        Assert.Equal(
            "load/corrupt_criteria,load/no_criteria,recommend/missing_exchange_rate,score/no_priced_holding",
            await night.ScalarAsync<string>(
                "select string_agg(stage || '/' || reason, ',' order by stage, reason) from run_failures where run_id = $1",
                ct,
                run.Id
            )
        );
        Assert.Contains(
            "beauty",
            await night.ScalarAsync<string>("select error_details::text from overnight_job_runs where id = $1", ct, run.Id),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Night_UsersWhoAreNotActive_AreLeftOut()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 20, ct);
        await PoisonAsync(night, 0, "update users set deleted_at = now() where id = $1", ct);
        await PoisonAsync(night, 1, "update users set banned_at = now() where id = $1", ct);
        await PoisonAsync(night, 2, "update holdings set ignored = true where user_id = $1", ct);
        await PoisonAsync(night, 3, "delete from user_markets where user_id = $1", ct);

        var run = await night.RunAsync(ct);

        Assert.Equal("completed", run.Status);
        await night.AssertExactlyOnceAsync(run.Id, 16, 0, ct);
    }

    [Fact]
    public async Task Night_NoUsers_IsCompleted()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 1, ct);
        await night.ExecuteAsync("delete from user_markets", ct);

        Assert.Equal("completed", (await night.RunAsync(ct)).Status);
    }

    internal static Task PoisonAsync(PipelineFixture night, int user, string sql, CancellationToken ct) =>
        night.ExecuteAsync(
            sql.Replace("$1", $"(select user_id from holdings group by 1 order by 1 offset {user} limit 1)", StringComparison.Ordinal),
            ct
        );

    private static async Task<Dictionary<Guid, string>> PairsAsync(
        PipelineFixture night,
        string sql,
        CancellationToken ct,
        params Guid[] values
    )
    {
        await using var command = night.Database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(ct);
        Dictionary<Guid, string> pairs = [];
        while (await reader.ReadAsync(ct))
            pairs.Add(reader.GetGuid(0), reader.GetString(1));
        return pairs;
    }

    private static async IAsyncEnumerable<(Guid UserId, byte[] Recommendations, byte[] Portfolio)> StoredAsync(
        PipelineFixture night,
        Guid run
    )
    {
        await using var command = night.Database.CreateCommand(
            "select user_id, recommendations, portfolio from calculation_results where run_id = $1"
        );
        command.Parameters.Add(new() { Value = run });
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            yield return (reader.GetGuid(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2));
    }
}
