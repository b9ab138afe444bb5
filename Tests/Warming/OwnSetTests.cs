using Overnight.Core.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Warming;

/// <summary>SPEC G, last paragraph: a user's own tables, by configuration alone.</summary>
public sealed class OwnSetTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Warm_OwnTable_WritesOneEntryARowUnderKeysThatCanNotBeForged()
    {
        await using var warm = await OwnSets.CreateAsync(
            servers,
            "select sku, json_build_object('sku', sku, 'price', price) as value from prices_of_mine order by sku"
        );
        await warm.Database.ExecuteAsync("create table prices_of_mine (sku text, price numeric)");
        await warm.Database.ExecuteAsync("insert into prices_of_mine values ('a', 1.50), ('b:*', 2), (null, 3)");
        await warm.Database.ExecuteAsync("grant select on prices_of_mine to overnight_sets");

        var outcome = await warm.WarmAsync("prices", Ct);

        Assert.Equal((WarmStatus.Partial, 2, 1), (outcome.Status, outcome.Warmed, outcome.Failed));
        Assert.Equal("""{"sku" : "a", "price" : 1.50}""", (string?)await warm.Cache.StringGetAsync($"{OwnSets.Prefix(warm)}:a"));
        Assert.True(await warm.Cache.KeyExistsAsync($"{OwnSets.Prefix(warm)}:b%3A%2A"));
        Assert.InRange((await warm.Cache.KeyTimeToLiveAsync($"{OwnSets.Prefix(warm)}:a"))!.Value.TotalSeconds, 60 * 0.9, 60 * 1.06);
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
        await using var warm = await OwnSets.ShopAsync(servers, column, "v");

        var outcome = await warm.WarmAsync("prices", Ct);

        Assert.Equal((keys.Length, 3 - keys.Length), (outcome.Warmed, outcome.Failed));
        var values = new List<string?>();
        foreach (var key in keys)
            values.Add(await warm.Cache.StringGetAsync($"{OwnSets.Prefix(warm)}:{key}"));
        // Of rows with one key the first is kept.
        Assert.Equal(["one", "two", "three"], values.Concat(["three"]).Distinct());
    }

    /// <summary>Sessions of a server that writes dates and times in its own way have the same keys.</summary>
    [Fact]
    public async Task G_OwnSet_Keys_AreTheSameWhateverTheServerIsSetTo()
    {
        await using var warm = await OwnSets.ShopAsync(servers, "ts", "v", ";Options=-c datestyle=SQL -c timezone=Asia/Tokyo");

        await warm.WarmAsync("prices", Ct);

        Assert.True(await warm.Cache.KeyExistsAsync($"{OwnSets.Prefix(warm)}:2026-11-28%2009%3A00%3A00%2B00"));
    }

    /// <summary>The case warm-row-overflow: values that .NET has no room for are text like all others.</summary>
    [Theory]
    [InlineData("big", "1", "99100000000000000000000000000000000000", "3")]
    [InlineData("d", "2026-11-28", "0044-03-15 BC", "infinity")]
    [InlineData("json_build_object('v', v)", "{\"v\" : \"one\"}", "{\"v\" : \"two\"}", "{\"v\" : \"three\"}")]
    [InlineData("convert_to(v, 'UTF8')", "one", "two", "three")]
    public async Task G_OwnSet_ValueOfAnyType_IsPostgresText(string value, params string[] values)
    {
        await using var warm = await OwnSets.ShopAsync(servers, "id", value);

        var outcome = await warm.WarmAsync("prices", Ct);

        Assert.Equal((WarmStatus.Completed, 3, 0), (outcome.Status, outcome.Warmed, outcome.Failed));
        foreach (var (id, expected) in values.Index())
            Assert.Equal(expected, (string?)await warm.Cache.StringGetAsync($"{OwnSets.Prefix(warm)}:{id + 1}"));
    }

    [Fact]
    public async Task G_OwnSet_RowsThatAreNoEntries_AreCountedAndToldAndTheOthersAreWarmed()
    {
        await using var warm = await OwnSets.CreateAsync(
            servers,
            """
            select * from (values ('a', 'x'), (null, 'x'), ('b', null), (repeat('k', 600), 'x'), (repeat('ä', 100), 'x'), ('a', 'later'), ('c', repeat('v', 17000000)), ('d', 'x')) own (sku, value)
            """,
            ("Warming:Sets:prices:StatementTimeout", "00:00:30")
        );

        var outcome = await warm.WarmAsync("prices", Ct);

        Assert.Equal((WarmStatus.Partial, 2, 6), (outcome.Status, outcome.Warmed, outcome.Failed));
        Assert.Equal("x", (string?)await warm.Cache.StringGetAsync($"{OwnSets.Prefix(warm)}:a"));
        Assert.True(await warm.Cache.KeyExistsAsync($"{OwnSets.Prefix(warm)}:d"));
        Assert.Equal(
            [
                "Row 2 of warm set prices can't be cached: column sku is null.",
                "Row 3 of warm set prices can't be cached: its value is null.",
                "Row 4 of warm set prices can't be cached: column sku has more than 512 characters, the limit for a key.",
                "Row 5 of warm set prices can't be cached: its key has 634 characters; the limit is 512.",
                "Row 6 of warm set prices can't be cached: an earlier row has the same key and is kept.",
                "Row 7 of warm set prices can't be cached: its value has 17000000 bytes; the limit is 16777216.",
            ],
            warm.Log.All.Where(line => line.StartsWith("Warning Row ", StringComparison.Ordinal))
                .Select(line => line["Warning ".Length..].TrimEnd())
        );
    }

    [Fact]
    public async Task G_OwnSet_ManyRowsThatAreNoEntries_AreToldInTenLinesAndASum()
    {
        await using var warm = await OwnSets.CreateAsync(servers, "select 'a' as sku, n::text as value from generate_series(1, 5000) n");

        var outcome = await warm.WarmAsync("prices", Ct);

        Assert.Equal((1, 4_999), (outcome.Warmed, outcome.Failed));
        var told = warm.Log.All.Where(line => line.Contains("can't be cached", StringComparison.Ordinal)).ToList();
        Assert.Equal(11, told.Count);
        Assert.StartsWith("Warning More rows of warm set prices can't be cached: 4989.", told[^1], StringComparison.Ordinal);
    }

    /// <summary>
    /// A query may take longer altogether: its timeout is of each portion of rows, and does not run while they are written or a warm
    /// rests.
    /// </summary>
    [Fact]
    public async Task G_OwnSet_StatementTimeout_IsOfAPortionAndNotOfTheRests()
    {
        await using var warm = await OwnSets.CreateAsync(
            servers,
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
        // It broke each time for the same reason, which is logged once.
        Assert.Single(warm.Log.All, line =>
            line.Contains("Warm set prices", StringComparison.Ordinal) && line.Contains("broke,", StringComparison.Ordinal)
        );
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
}
