using Overnight.Jobs.Commands;
using Overnight.Jobs.Demo;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;

namespace Overnight.Tests.Demo;

public sealed class DemoSeederTests(TestServers servers)
{
    private const string ForeignKeysOf = """
        select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || ' ' || convalidated from pg_constraint
        where contype = 'f' and connamespace = 'public'::regnamespace and conparentid = 0 order by 1
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EmptyDatabase_Seeded_GetsAMarketUsersAndTheTwoAccounts()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);

        var summary = await SeedAsync(
            database,
            new()
            {
                Users = 40,
                Holdings = 12,
                Criteria = 6,
            }
        );

        Assert.Equal(
            (40, 480L, 240L, 500, true),
            (summary.UsersAdded, summary.HoldingsAdded, summary.CriteriaAdded, summary.Assets, summary.SyntheticMarket)
        );
        Assert.Equal(
            ["admin@demo.example admin", "demo@demo.example user"],
            await database.TextsAsync("select email || ' ' || role from users where email !~ '^user' order by email", Ct)
        );
        Assert.Equal(480, await database.CountAsync("holdings", Ct));
        Assert.Equal(
            40,
            await database.CountAsync(
                "portfolios p join criteria_versions c on c.user_id = p.user_id and c.version = p.criteria_version where json_array_length(c.rules) = 6",
                Ct
            )
        );
        Assert.Equal(40, await database.CountAsync("user_markets where market = 'NYSE'", Ct));
        Assert.Equal(500, await database.CountAsync("prices", Ct));
        Assert.Equal(
            0,
            await database.CountAsync(
                "assets a where currency <> 'USD' and not exists (select from exchange_rates where a.currency in (base, quote))",
                Ct
            )
        );
        // Thresholds are such that criteria about fundamentals match some assets and miss others.
        Assert.InRange(await database.CountAsync("fundamentals where pe_ratio < 25", Ct), 50, 450);
    }

    [Fact]
    public async Task SameNumber_SeededAgain_AddsNothingAndMoreAddTheRest()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        await SeedAsync(database, new() { Users = 30 });
        var before = await FingerprintsAsync(database);
        await database.ExecuteAsync("delete from users where email = 'user000007@demo.example'", Ct);

        var restored = await SeedAsync(database, new() { Users = 30 });
        var again = await SeedAsync(database, new() { Users = 30 });
        var fewer = await SeedAsync(database, new() { Users = 10 });
        var unchanged = await FingerprintsAsync(database);
        var more = await SeedAsync(database, new() { Users = 45 });
        var otherSeed = await SeedAsync(database, new() { Users = 45, Seed = 8 });

        Assert.Equal([1, 0, 0, 15, 0], [restored.UsersAdded, again.UsersAdded, fewer.UsersAdded, more.UsersAdded, otherSeed.UsersAdded]);
        Assert.Equal(before, unchanged);
        Assert.Equal(before, (await FingerprintsAsync(database))[..30]);
        Assert.Equal(46, await database.CountAsync("users", Ct));
    }

    [Fact]
    public async Task SameOptions_InAnotherDatabase_GiveTheSameRows()
    {
        await using var one = await InputDatabase.CreateAsync(servers, Ct);
        await using var other = await InputDatabase.CreateAsync(servers, Ct);

        await Task.WhenAll(SeedAsync(one, new() { Users = 25, Seed = 3 }), SeedAsync(other, new() { Users = 25, Seed = 3 }));

        Assert.Equal(await FingerprintsAsync(one), await FingerprintsAsync(other));
    }

    [Fact]
    public async Task ManyUsers_Seeded_LeaveEveryForeignKeyInPlace()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        var before = await database.TextsAsync(ForeignKeysOf, Ct);
        List<string> steps = [];

        await SeedAsync(
            database,
            new()
            {
                Users = 5_000,
                Holdings = 2,
                Criteria = 1,
            },
            new Callback<DemoProgress>(p => steps.Add(p.Step))
        );

        Assert.Contains("checking", steps);
        Assert.Contains("holdings holdings_class FOREIGN KEY (user_id, class_id) REFERENCES asset_classes(user_id, id) true", before);
        Assert.Equal(before, await database.TextsAsync(ForeignKeysOf, Ct));
        Assert.Equal(10_000, await database.CountAsync("holdings", Ct));
        Assert.Equal(["5000"], await database.TextsAsync("select reltuples::int from pg_class where relname = 'portfolios'", Ct));
    }

    [Fact]
    public async Task TwoAtOnce_Seeded_AddEachUserOnce()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);

        var summaries = await Task.WhenAll(SeedAsync(database, new() { Users = 20 }), SeedAsync(database, new() { Users = 30 }));

        Assert.Equal(30, summaries.Sum(s => s.UsersAdded));
        Assert.Equal(30, await database.CountAsync("portfolios", Ct));
        Assert.Single(summaries, s => s.SyntheticMarket);
    }

    [Fact]
    public async Task ImportedAssets_Seeded_AreTheOnesHeld()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        await database.ExecuteAsync(
            """
            insert into assets (id, market, symbol, name, currency) select gen_random_uuid(), 'NYSE', 'A' || i, 'Asset ' || i, case when i > 15 then 'SEK' else 'USD' end from generate_series(1, 20) i;
            insert into prices select id, now(), 10, 'import' from assets where symbol <> 'A1'
            """,
            Ct
        );

        var summary = await SeedAsync(database, new() { Users = 10 });

        // Nobody can value the five in a currency without a rate.
        Assert.Equal((15, false), (summary.Assets, summary.SyntheticMarket));
        Assert.Equal(0, await database.CountAsync("holdings h join assets a on a.id = h.asset_id where a.currency = 'SEK'", Ct));
        Assert.Equal(10, await database.CountAsync("users where base_currency = 'USD' and role = 'user'", Ct));
    }

    [Fact]
    public async Task AssetsWithoutPrices_Seeded_AreRefusedWithTheReason()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        await database.ExecuteAsync(
            "insert into assets (id, market, symbol, name, currency) values (gen_random_uuid(), 'NYSE', 'A', 'A', 'USD')",
            Ct
        );

        var refused = await Assert.ThrowsAsync<CommandException>(() => SeedAsync(database, new() { Users = 1 }));
        var bound = await Assert.ThrowsAsync<CommandException>(() => SeedAsync(database, new() { Users = 1, Criteria = 65 }));

        Assert.StartsWith("No asset has a price", refused.Message, StringComparison.Ordinal);
        Assert.Equal("--criteria must be from 1 to 64, not 65.", bound.Message);
    }

    [Fact]
    public async Task Seeding_Cancelled_LeavesNothing()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        var keys = await database.TextsAsync(ForeignKeysOf, Ct);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            new DemoSeeder(database.Source, new TestClock()).SeedAsync(
                new()
                {
                    Users = 6_000,
                    Holdings = 1,
                    Criteria = 1,
                },
                new Callback<DemoProgress>(_ => cancel.Cancel()),
                cancel.Token
            )
        );

        Assert.Equal(0, await database.CountAsync("users", Ct));
        Assert.Equal(0, await database.CountAsync("assets", Ct));
        Assert.Equal(keys, await database.TextsAsync(ForeignKeysOf, Ct));
    }

    private static Task<DemoSummary> SeedAsync(
        InputDatabase database,
        DemoSeedParameters options,
        IProgress<DemoProgress>? progress = null
    ) => new DemoSeeder(database.Source, new TestClock()).SeedAsync(options, progress, Ct);

    /// <summary>A hash per user over everything of theirs, by number.</summary>
    private static Task<string[]> FingerprintsAsync(InputDatabase database) =>
        database.TextsAsync(
            """
            select md5(concat(u, p, c.rules::text,
                (select string_agg(a::text, ';' order by a.id) from asset_classes a where a.user_id = u.id),
                (select string_agg(h::text, ';' order by h.asset_id) from holdings h where h.user_id = u.id)))
            from users u join portfolios p on p.user_id = u.id join criteria_versions c on c.user_id = u.id order by u.id
            """,
            Ct
        );
}
