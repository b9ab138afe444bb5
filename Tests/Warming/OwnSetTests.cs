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

    /// <summary>The case warm-key-types: a key for every value, in PostgreSQL's text, whatever the type.</summary>
    [Theory]
    [InlineData("ts", "2026-11-28%2009%3A00%3A00%2B00", "2026-11-28%2009%3A00%3A00.123456%2B00", "2026-11-28%2009%3A00%3A00.123999%2B00")]
    [InlineData("d", "2026-11-28", "0044-03-15%20BC", "infinity")]
    [InlineData("b", "true", "false")]
    [InlineData("n", "1.50", "2.00")]
    [InlineData("arr", "%7Ba%2Cb%7D", "%7Bc%7D", "%7Bd%7D")]
    [InlineData("f", "0.1", "1e%2B21", "1e%2B22")]
    [InlineData("big", "1", "99100000000000000000000000000000000000", "3")]
    [InlineData("span", "1%20mon", "2%20days", "48%3A00%3A00")]
    public async Task G_OwnSet_KeyOfAnyType_IsPostgresText(string column, params string[] keys)
    {
        await using var warm = await ShopAsync(column, "v");

        var outcome = await warm.WarmAsync("prices", Ct);

        Assert.Equal((keys.Length, 3 - keys.Length), (outcome.Warmed, outcome.Failed));
        var values = new List<string?>();
        foreach (var key in keys)
            values.Add(await warm.Cache.StringGetAsync($"{Prefix(warm)}:{key}"));
        // Of rows with one key the first is kept.
        Assert.Equal(["one", "two", "three"], values.Concat(["three"]).Distinct());
    }

    /// <summary>Sessions of a server that writes dates and times in its own way have the same keys.</summary>
    [Fact]
    public async Task G_OwnSet_Keys_AreTheSameWhateverTheServerIsSetTo()
    {
        await using var warm = await ShopAsync("ts", "v", ";Options=-c datestyle=SQL -c timezone=Asia/Tokyo");

        await warm.WarmAsync("prices", Ct);

        Assert.True(await warm.Cache.KeyExistsAsync($"{Prefix(warm)}:2026-11-28%2009%3A00%3A00%2B00"));
    }

    /// <summary>The case warm-row-overflow: values that .NET has no room for are text like all others.</summary>
    [Theory]
    [InlineData("big", "1", "99100000000000000000000000000000000000", "3")]
    [InlineData("d", "2026-11-28", "0044-03-15 BC", "infinity")]
    [InlineData("json_build_object('v', v)", "{\"v\" : \"one\"}", "{\"v\" : \"two\"}", "{\"v\" : \"three\"}")]
    [InlineData("convert_to(v, 'UTF8')", "one", "two", "three")]
    public async Task G_OwnSet_ValueOfAnyType_IsPostgresText(string value, params string[] values)
    {
        await using var warm = await ShopAsync("id", value);

        var outcome = await warm.WarmAsync("prices", Ct);

        Assert.Equal((WarmStatus.Completed, 3, 0), (outcome.Status, outcome.Warmed, outcome.Failed));
        foreach (var (id, expected) in values.Index())
            Assert.Equal(expected, (string?)await warm.Cache.StringGetAsync($"{Prefix(warm)}:{id + 1}"));
    }

    [Fact]
    public async Task G_OwnSet_RowsThatAreNoEntries_AreCountedAndToldAndTheOthersAreWarmed()
    {
        await using var warm = await CreateAsync(
            """
            select * from (values ('a', 'x'), (null, 'x'), ('b', null), (repeat('k', 600), 'x'), (repeat('ä', 100), 'x'), ('a', 'later'), ('c', repeat('v', 17000000)), ('d', 'x')) own (sku, value)
            """,
            ("Warming:Sets:prices:StatementTimeout", "00:00:30")
        );

        var outcome = await warm.WarmAsync("prices", Ct);

        Assert.Equal((WarmStatus.Partial, 2, 6), (outcome.Status, outcome.Warmed, outcome.Failed));
        Assert.Equal("x", (string?)await warm.Cache.StringGetAsync($"{Prefix(warm)}:a"));
        Assert.True(await warm.Cache.KeyExistsAsync($"{Prefix(warm)}:d"));
        Assert.Equal(
            [
                "Row 2 of warm set prices is no entry: column sku is null.",
                "Row 3 of warm set prices is no entry: its value is null.",
                "Row 4 of warm set prices is no entry: column sku has more than 512 characters, the most of a key.",
                "Row 5 of warm set prices is no entry: a key has 634 characters; the most is 512.",
                "Row 6 of warm set prices is no entry: an earlier row has the same key and is kept.",
                "Row 7 of warm set prices is no entry: its value has 17000000 bytes; the most is 16777216.",
            ],
            warm.Log.All.Where(line => line.StartsWith("Warning Row ", StringComparison.Ordinal))
                .Select(line => line["Warning ".Length..].TrimEnd())
        );
    }

    [Fact]
    public async Task G_OwnSet_ManyRowsThatAreNoEntries_AreToldInTenLinesAndASum()
    {
        await using var warm = await CreateAsync("select 'a' as sku, n::text as value from generate_series(1, 5000) n");

        var outcome = await warm.WarmAsync("prices", Ct);

        Assert.Equal((1, 4_999), (outcome.Warmed, outcome.Failed));
        var told = warm.Log.All.Where(line => line.Contains("no entr", StringComparison.Ordinal)).ToList();
        Assert.Equal(11, told.Count);
        Assert.StartsWith("Warning 4989 more rows of warm set prices are no entries.", told[^1], StringComparison.Ordinal);
    }

    /// <summary>A query may take longer altogether: its timeout is of each portion of rows, and does not run while they are written or a warm rests.</summary>
    [Fact]
    public async Task G_OwnSet_StatementTimeout_IsOfAPortionAndNotOfTheRests()
    {
        await using var warm = await CreateAsync(
            "select n::text as sku, pg_sleep(0.02)::text as value from generate_series(1, 100) n",
            ("Warming:Sets:prices:StatementTimeout", "00:00:01.500"),
            ("Warming:MostInFlight", "16")
        );

        // Two seconds of query altogether, and a third of one for each portion.
        var outcome = await warm.WarmAsync("prices", Ct);

        Assert.Equal((WarmStatus.Completed, 100), (outcome.Status, outcome.Warmed));
    }

    /// <summary>A query that breaks at a row breaks there each time: it is tried again, but ever more rarely.</summary>
    [Fact]
    public async Task G_OwnSet_ThatCanNotWork_BacksOff()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(
            servers,
            Ct,
            cache.ConnectionString,
            time,
            [
                ("Warming:Reference:EssentialInterval", "0"),
                ("Warming:Reference:MasterInterval", "0"),
                ("Warming:Reference:ComputedInterval", "0"),
                ("Warming:Flags:Enabled", "false"),
                ("Warming:Sets:prices:Key", "shop:{sku}"),
                ("Warming:Sets:prices:Sql", "select n::text as sku, (1 / (40 - n))::text as value from generate_series(1, 100) n"),
                ("Warming:Sets:prices:Ttl", "30.00:00:00"),
            ]
        );
        await warm.Loop.RunOnceAsync(Ct);
        List<TimeSpan> tries = [];
        var start = time.GetUtcNow();
        while (time.GetUtcNow() < start + TimeSpan.FromHours(3))
        {
            time.Advance(TimeSpan.FromSeconds(10 + 10 * tries.Count));
            if ((await warm.Loop.RunOnceAsync(Ct)).Any(report => report.Sets.Any(set => set.Set == "prices")))
                tries.Add(time.GetUtcNow() - start);
        }

        Assert.InRange(tries.Count, 8, 12);
        Assert.All(tries.Zip(tries.Skip(1)).Skip(2), pair => Assert.True(pair.Second - pair.First >= TimeSpan.FromSeconds(20)));
        // Those before it are in the cache, and by hand it is tried at once.
        Assert.True(await warm.Cache.KeyExistsAsync("shop:16"));
        Assert.Contains("division by zero", (await warm.WarmAsync("prices", Ct)).Error);
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

        var check = await Record.ExceptionAsync(() => warm.Get<ConfiguredWarmSets>().CheckAsync(Ct));
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

        await new ConfiguredWarmSetCheck(warm.Get<ConfiguredWarmSets>(), new LogLines<ConfiguredWarmSetCheck>(log)).StartAsync(Ct);

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

    /// <summary>Three rows of a table with columns of many types; warmed under one of them.</summary>
    private async Task<WarmFixture> ShopAsync(string key, string value, string options = "")
    {
        var database = await servers.CreateDatabaseAsync(Ct);
        await using (var source = Npgsql.NpgsqlDataSource.Create(database))
        {
            await source.ExecuteAsync(
                "create table shop (id int primary key, d date, ts timestamptz, b bool, n numeric, arr text[], f float8, big numeric, span interval, v text)"
            );
            await source.ExecuteAsync(
                """
                insert into shop values
                    (1, '2026-11-28', '2026-11-28 10:00:00+01', true, 1.50, array['a','b'], 0.1, 1, '1 month', 'one'),
                    (2, '0044-03-15 BC', '2026-11-28 10:00:00.123456+01', false, 2.00, array['c'], 1e21, 99100000000000000000000000000000000000, '2 days', 'two'),
                    (3, 'infinity', '2026-11-28 10:00:00.123999+01', false, 2.00, array['d'], 1e22, 3, '48:00', 'three')
                """
            );
            await source.ExecuteAsync("grant select on shop to overnight_sets");
        }
        return WarmFixture.Over(
            database + options,
            await servers.CacheConnectionStringAsync(Ct),
            null,
            ("Warming:Sets:prices:Key", $"t{Guid.NewGuid():N}:{{{key}}}"),
            ("Warming:Sets:prices:Sql", $"select {(key == "id" ? "" : "id, ")}{key}, {value} as value from shop order by id")
        );
    }

    private static string Prefix(WarmFixture warm)
    {
        var key = warm.Get<IOptions<WarmingOptions>>().Value.Sets["prices"].Key!;
        return key[..key.IndexOf(':')];
    }
}
