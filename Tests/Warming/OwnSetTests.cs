using Microsoft.Extensions.Options;
using Overnight.Core.Warming;
using Overnight.Jobs.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Providers;

namespace Overnight.Tests.Warming;

/// <summary>SPEC G, last paragraph: a user's own tables, by configuration alone.</summary>
public sealed class OwnSetTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Warm_OwnTable_WritesOneEntryARowUnderKeysThatCanNotBeForged()
    {
        await using var warm = await CreateAsync(
            "select sku, json_build_object('sku', sku, 'price', price) as value from prices_of_mine order by sku"
        );
        await warm.Database.ExecuteAsync("create table prices_of_mine (sku text, price numeric)");
        await warm.Database.ExecuteAsync("insert into prices_of_mine values ('a', 1.50), ('b:*', 2), (null, 3)");
        await warm.Database.ExecuteAsync("grant select on prices_of_mine to overnight_sets");

        var outcome = await warm.WarmAsync("prices", Ct);

        Assert.Equal((WarmStatus.Partial, 2, 1), (outcome.Status, outcome.Warmed, outcome.Failed));
        Assert.Equal("""{"sku" : "a", "price" : 1.50}""", (string?)await warm.Cache.StringGetAsync($"{Prefix(warm)}:a"));
        Assert.True(await warm.Cache.KeyExistsAsync($"{Prefix(warm)}:b%3A%2A"));
        Assert.InRange((await warm.Cache.KeyTimeToLiveAsync($"{Prefix(warm)}:a"))!.Value.TotalSeconds, 60 * 0.9, 60 * 1.06);
    }

    [Theory]
    [InlineData("with gone as (delete from users returning id) select id as sku, '' as value from gone", "data-modifying", true)]
    [InlineData("select token_hash as sku, '' as value from sessions", "permission denied for table sessions", true)]
    [InlineData("select password_hash as sku, '' as value from user_passwords", "permission denied for table user_passwords", true)]
    [InlineData("select email as sku, '' as value from users", "grant select on .. to overnight_sets", true)]
    [InlineData("select set_config('role', 'overnight', false) as sku, '' as value", "permission denied to set role", false)]
    [InlineData("select pg_sleep(60)::text as sku, '' as value", "statement timeout", false)]
    [InlineData("select 'a' as sku, '' as value; drop table users", "syntax error", true)]
    [InlineData("select 'a' as sku, 'b' as text", "no column value", true)]
    [InlineData("select 1 as value from nowhere -- a comment", "\"nowhere\" does not exist", true)]
    public async Task Warm_QueryThatMayNotBe_IsRefusedAndNothingHappens(string sql, string words, bool isSeenAtStart)
    {
        await using var warm = await CreateAsync(sql);
        var user = await warm.Database.AddUserAsync();

        var check = await Record.ExceptionAsync(() => warm.Get<ConfiguredSets>().CheckAsync(Ct));
        if (isSeenAtStart)
        {
            var failure = Assert.Single(Assert.IsType<OptionsValidationException>(check).Failures);
            Assert.StartsWith("Warming:Sets:prices: ", failure);
            Assert.Contains(words, failure);
        }
        else
        {
            var outcome = await warm.WarmAsync("prices", Ct);
            Assert.Equal(WarmStatus.Failed, outcome.Status);
            Assert.Contains(words, outcome.Error ?? Assert.IsType<OptionsValidationException>(check).Message);
        }
        Assert.Equal(1, await warm.ScalarAsync<long>("select count(*) from users where id = $1", user));
    }

    [Theory]
    [InlineData("", "ConnectionStrings:overnight_sets is not set")]
    [InlineData("owner", "ConnectionStrings:overnight_sets names the role of ConnectionStrings:overnight")]
    public async Task Start_NoRoleOfTheirOwn_SaysSoAndGoesOnWithoutOwnSets(string sets, string words)
    {
        var database = await servers.CreateDatabaseAsync(Ct);
        await using var warm = WarmFixture.Over(
            database,
            await servers.CacheConnectionStringAsync(Ct),
            null,
            ("ConnectionStrings:overnight_sets", sets.Length == 0 ? "" : database),
            ("Warming:Sets:prices:Key", "prices-of-mine:{sku}"),
            ("Warming:Sets:prices:Sql", "select 'a' as sku, 'b' as value")
        );
        LogLines log = new();

        await new ConfiguredSetCheck(warm.Get<ConfiguredSets>(), new LogLines<ConfiguredSetCheck>(log)).StartAsync(Ct);

        Assert.StartsWith($"Warning Warm sets of your own are off (declared: prices): {words}", Assert.Single(log.All));
        var warmer = warm.Get<Warmer>();
        Assert.DoesNotContain(warmer.Sets, set => set.Name == "prices");
        Assert.StartsWith($"Warm set 'prices' is off: {words}", Assert.Throws<KeyNotFoundException>(() => warmer.Find(["prices"])).Message);
    }

    [Theory]
    [InlineData("Key", "recs:{sku}", "Warming:Sets:prices:Key must not begin with recs:")]
    [InlineData("Key", "feature_flags:{sku}", "must not begin with feature_flags:")]
    [InlineData("Key", "finance:{sku}", "must not begin with finance:")]
    [InlineData("Key", "{sku}", "must be a prefix")]
    [InlineData("Key", "a:{sku} {b}", "must be a prefix")]
    [InlineData("Sql", "", "Sql must be a query")]
    [InlineData("Phase", "4", "Phase must be between 1 and 3, and is 4")]
    [InlineData("Limit", "0", "Limit must be between 1 and 10000000, and is 0")]
    [InlineData("Ttl", "00:00:00", "Ttl must be between 00:00:01 and 30.00:00:00, and is 00:00:00")]
    public async Task Options_OfAnOwnSetOutOfBounds_NameKeyBoundAndValue(string key, string value, string words)
    {
        await using var warm = await CreateAsync("select 1", ($"Warming:Sets:prices:{key}", value));
        var failure = Assert.Throws<OptionsValidationException>(() => warm.Get<IOptions<WarmingOptions>>().Value);
        Assert.Contains(words, failure.Message);
    }

    /// <summary>More than are warmed side by side.</summary>
    [Fact]
    public async Task Warm_ManySetsOfOnePhase_WarmsThemAll()
    {
        string[] names = [.. Enumerable.Range(0, 9).Select(n => $"table-{n}")];
        var prefix = $"t{Guid.NewGuid():N}";
        await using var warm = await WarmFixture.CreateAsync(
            servers,
            Ct,
            settings:
            [
                .. names.SelectMany(name =>
                    new[]
                    {
                        ($"Warming:Sets:{name}:Key", $"{prefix}:{name}:{{sku}}"),
                        ($"Warming:Sets:{name}:Sql", "select 'a' as sku, 'b' as value"),
                    }
                ),
            ]
        );
        var warmer = warm.Get<Warmer>();

        var report = await warmer.WarmAsync(warmer.Find(names), new(WarmTrigger.Manual), null, Ct);

        Assert.Equal(names.Select(name => (name, WarmStatus.Completed, 1L)), report.Sets.Select(set => (set.Set, set.Status, set.Warmed)));
        Assert.All(names, name => Assert.True(warm.Cache.KeyExists($"{prefix}:{name}:a")));
    }

    private async Task<WarmFixture> CreateAsync(string sql, params (string, string)[] more)
    {
        var prefix = $"t{Guid.NewGuid():N}";
        return await WarmFixture.CreateAsync(
            servers,
            Ct,
            settings:
            [
                ("Warming:Sets:prices:Key", $"{prefix}:{{sku}}"),
                ("Warming:Sets:prices:Sql", sql),
                ("Warming:Sets:prices:Ttl", "00:01:00"),
                ("Warming:Sets:prices:StatementTimeout", "00:00:00.500"),
                .. more,
            ]
        );
    }

    private static string Prefix(WarmFixture warm)
    {
        var key = warm.Get<IOptions<WarmingOptions>>().Value.Sets["prices"].Key!;
        return key[..key.IndexOf(':')];
    }
}
