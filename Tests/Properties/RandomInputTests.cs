using System.Globalization;
using System.Text.Json;
using Overnight.Core.Caching;
using Overnight.Core.Runs;
using Overnight.Tests.Calculation;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using StackExchange.Redis;

namespace Overnight.Tests.Properties;

/// <summary>
/// SPEC A5, B1, B3: whatever the tables take, a night computes everybody whom it can, names exactly the others, and puts only
/// what any reader reads into the cache. 1,000 random users through 20 random markets; <c>.ci/properties</c> runs 200.
/// </summary>
public sealed class RandomInputTests(TestServers servers, ITestOutputHelper output)
{
    private const int Users = 1_000,
        Assets = 60;

    private static readonly int Nights = Setting("PROPERTY_NIGHTS") ?? 20,
        Seed = Setting("PROPERTY_SEED") ?? Random.Shared.Next();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A5_AnyUsersThroughAnyMarkets_ExactlyThoseWhoCannotBeComputedAreNamed()
    {
        output.WriteLine($"PROPERTY_SEED={Seed} PROPERTY_NIGHTS={Nights}");
        TestContext.Current.SendDiagnosticMessage($"PROPERTY_SEED={Seed} PROPERTY_NIGHTS={Nights}");
        Random random = new(Seed);
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct, batchSize: 100);
        await night.ExecuteAsync("delete from user_markets", Ct);
        await night.ExecuteAsync("truncate prices, fundamentals, exchange_rates", Ct);
        var assets = AssetsOf(random);
        await night.AddAssetsAsync(assets, random, Ct);
        List<RandomUser> users = [.. Enumerable.Range(0, Users).Select(n => RandomUser.Of(random, n, assets))];
        await night.AddUsersAsync(users, Ct);
        Dictionary<string, int> outcomes = [];
        using var cache = await ConnectionMultiplexer.ConnectAsync(night.CacheConnection);

        for (var number = 1; number <= Nights; number++)
        {
            var market = RandomMarket.Of(random, assets, TimeProvider.System.GetUtcNow().AddHours(-1));
            await night.ReplaceMarketAsync(market, Ct);

            var run = await night.RunAsync(Ct, again: true);

            KnownMarket known = new(assets, market);
            var expected = users.Where(u => u.IsActive).ToDictionary(u => u.Id, u => ExpectedOutcome.Of(u, known));
            foreach (var (_, outcome) in expected)
                outcomes[outcome.Failure ?? "completed"] = outcomes.GetValueOrDefault(outcome.Failure ?? "completed") + 1;
            await AssertNamesAsync(night, run, number, expected);
            await AssertResultsAsync(night, run, number, expected, users.ToDictionary(u => u.Id), cache);
        }
        output.WriteLine(string.Join(", ", outcomes.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Key} {o.Value}")));
        Assert.Equal(
            [
                "completed",
                "load/corrupt_criteria",
                "load/no_criteria",
                "recommend/missing_exchange_rate",
                "recommend/out_of_range",
                "score/no_priced_holding",
            ],
            outcomes.Keys.Order(StringComparer.Ordinal)
        );
    }

    private static async Task AssertNamesAsync(
        PipelineFixture night,
        PipelineRun run,
        int number,
        Dictionary<Guid, ExpectedOutcome> expected
    )
    {
        var names = expected
            .Where(e => e.Value.Failure is not null)
            .Select(e => $"{e.Key} {e.Value.Failure}")
            .Order(StringComparer.Ordinal);
        Assert.True(
            run.Status == (names.Any() ? "partial" : "completed"),
            $"Seed {Seed}, night {number}: the run is {run.Status}: {await night.ScalarAsync<string>("select coalesce(error_details::text, '') from overnight_job_runs where id = $1", Ct, run.Id)}"
        );
        List<string> failed = [];
        List<string> details = [];
        await using var command = night.Database.CreateCommand(
            "select user_id || ' ' || stage || '/' || reason, detail from run_failures where run_id = $1"
        );
        command.Parameters.Add(new() { Value = run.Id });
        await using var reader = await command.ExecuteReaderAsync(Ct);
        while (await reader.ReadAsync(Ct))
        {
            failed.Add(reader.GetString(0));
            details.Add($"{reader.GetString(0)}: {reader.GetString(1)}");
        }
        var wrong = failed.Except(names).ToList();
        var missing = names.Except(failed).ToList();
        Assert.True(
            wrong.Count == 0 && missing.Count == 0,
            $"Seed {Seed}, night {number}: not to fail so: {string.Join("; ", details.Where(d => wrong.Any(w => d.StartsWith(w, StringComparison.Ordinal))).Take(5))}. To fail: {string.Join("; ", missing.Take(5))}."
        );
        await night.AssertExactlyOnceAsync(run.Id, expected.Count, failed.Count, Ct);
    }

    /// <summary>By readers that are not ours: .NET's of JSON, and PostgreSQL's of text.</summary>
    private static async Task AssertResultsAsync(
        PipelineFixture night,
        PipelineRun run,
        int number,
        Dictionary<Guid, ExpectedOutcome> expected,
        Dictionary<Guid, RandomUser> users,
        ConnectionMultiplexer cache
    )
    {
        List<(RandomUser User, byte[] Recommendations, byte[] Portfolio)> results = [];
        await using (
            var command = night.Database.CreateCommand(
                "select user_id, recommendations, portfolio, convert_from(recommendations, 'UTF8')::json is not null from calculation_results where run_id = $1"
            )
        )
        {
            command.Parameters.Add(new() { Value = run.Id });
            await using var reader = await command.ExecuteReaderAsync(Ct);
            while (await reader.ReadAsync(Ct))
                results.Add((users[reader.GetGuid(0)], reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2)));
        }
        Dictionary<Guid, string> names = [];
        await using (var command = night.Database.CreateCommand("select id, name from assets"))
        await using (var reader = await command.ExecuteReaderAsync(Ct))
        {
            while (await reader.ReadAsync(Ct))
                names.Add(reader.GetGuid(0), reader.GetString(1));
        }
        var database = cache.GetDatabase();
        RedisKey[] recommendationKeys = [.. results.Select(r => (RedisKey)CacheKeys.Recommendations(r.User.Id))],
            portfolioKeys = [.. results.Select(r => (RedisKey)CacheKeys.Portfolio(r.User.Id))];
        var (recommendations, portfolios) = (
            await database.StringGetAsync(recommendationKeys),
            await database.StringGetAsync(portfolioKeys)
        );
        for (var i = 0; i < results.Count; i++)
        {
            var (user, stored, portfolio) = results[i];
            var where = $"Seed {Seed}, night {number}, user {user.Id}";
            Assert.True(
                recommendations[i] == (RedisValue)stored && portfolios[i] == (RedisValue)portfolio,
                $"{where}: what is cached is not what is stored"
            );
            _ = JsonSerializer.Serialize(JsonElement.Parse(portfolio));
            var root = JsonElement.Parse(stored);
            // Reads every text, and would not read half of a surrogate pair.
            _ = JsonSerializer.Serialize(root);

            var amounts = root.GetProperty("recommendations").EnumerateArray().Select(r => Number(r.GetProperty("amount"))).ToList();
            Assert.True(amounts.All(a => a >= 0), where);
            Assert.True((user.Contribution ?? 0) == amounts.Sum() + Number(root.GetProperty("unallocated")), where);
            var total = (double)Number(root.GetProperty("portfolioSummary").GetProperty("totalValue"));
            var (_, wanted) = expected[user.Id];
            Assert.True(Math.Abs(total - wanted) <= 0.001 + wanted * 1e-8, $"{where}: the value is {total}, and not {wanted}");
            var (listed, held) = (amounts.Count + root.GetProperty("leftOut").GetArrayLength(), user.Holdings.Count(h => !h.Ignored));
            Assert.True(listed == held, $"{where}: {listed} of {held} holdings are listed");
            var classes = user.Classes.ToDictionary(c => c.Id, c => c.Name);
            NewestForm.AssertHolds(root, id => names[id], ClassOf, where);

            string? ClassOf(Guid asset) => user.Holdings.First(h => h.Asset == asset).Class is { } own ? classes[own] : null;
        }
    }

    private static List<MarketAsset> AssetsOf(Random random) =>
        [
            .. Enumerable
                .Range(0, Assets)
                .Select(n => new MarketAsset(
                    RandomUser.NewId(random),
                    n % 9 == 0 ? $"Z{n:D2}.^=-{new string('9', 13)}" : $"A{n}",
                    random.Next(3) == 0 ? RandomMarket.Currencies[random.Next(RandomMarket.Currencies.Length)] : "USD"
                )),
        ];

    private static decimal Number(JsonElement text) => decimal.Parse(text.GetString()!, CultureInfo.InvariantCulture);

    private static int? Setting(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : null;
}
