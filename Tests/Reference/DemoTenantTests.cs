using Overnight.Jobs.Demo;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;

namespace Overnight.Tests.Reference;

/// <summary>Demo data of tenants (SPEC G1).</summary>
public sealed class DemoTenantTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>SPEC G1: as much as is warmed.</summary>
    [Fact]
    public async Task Tenants_Seeded_HaveBalancedBooksAndEnoughOfEverything()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);

        var summary = await SeedAsync(database, 2);

        Assert.Equal((2, 2), (summary.Tenants, summary.Added));
        Assert.Equal(
            ["500 500 1000 25", "500 500 1000 25"],
            await database.TextsAsync(
                """
                select concat_ws(' ', (select count(*) from erp.vendors where tenant_id = t.id), (select count(*) from erp.customers where tenant_id = t.id),
                    (select count(*) from erp.materials where tenant_id = t.id), (select count(*) from erp.kits where tenant_id = t.id)) from tenants t
                """,
                Ct
            )
        );
        Assert.Equal(
            0,
            await database.CountAsync(
                "(select from erp.journal_lines group by tenant_id, entry having sum(debit) <> sum(credit)) unbalanced",
                Ct
            )
        );
        Assert.Equal(2, await database.CountAsync("erp.currencies where is_base", Ct));
        Assert.NotEqual(0, await database.CountAsync("erp.pricing_rules where valid_until < current_date", Ct));
    }

    [Fact]
    public async Task SameNumber_SeededAgain_AddsNothingAndMoreAddTheRest()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        await SeedAsync(database, 2);
        var before = await FingerprintsAsync(database);

        var both = await Task.WhenAll(SeedAsync(database, 2), SeedAsync(database, 3));

        Assert.Equal((1, 3L), (both.Sum(summary => summary.Added), await database.CountAsync("tenants", Ct)));
        Assert.Equal(before, (await FingerprintsAsync(database))[..2]);
        await using var another = await InputDatabase.CreateAsync(servers, Ct);
        await SeedAsync(another, 2);
        Assert.Equal(before, await FingerprintsAsync(another));
    }

    [Fact]
    public async Task Users_ThatAreThere_BelongToTheTenantOfTheirNumber()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        await new DemoSeeder(database.Source, TimeProvider.System).SeedAsync(
            new()
            {
                Users = 5,
                Holdings = 1,
                Criteria = 1,
            },
            null,
            Ct
        );
        await SeedAsync(database, 2);
        Assert.Equal(
            ["demo@demo.example Demo tenant 0001", "user000002@demo.example Demo tenant 0002"],
            await database.TextsAsync("select u.email || ' ' || t.name from users u join tenants t on t.id = u.tenant_id order by 1", Ct)
        );
    }

    [Fact]
    public async Task Command_Tenants_SaysWhatWasAddedAndItsBounds()
    {
        var connection = await servers.CreateDatabaseAsync(Ct);
        var added = await JobsCommand.RunAsync(servers, connection, Ct, "seed", "--tenants", "2");
        var refused = await JobsCommand.RunAsync(servers, connection, Ct, "seed", "--tenants", "0");

        Assert.Equal((0, ""), (added.ExitCode, added.Error));
        Assert.Contains("2 demo tenants: 2 added with ", added.Output, StringComparison.Ordinal);
        Assert.Contains("--tenants must be from 1 to 10000, not 0.", refused.Error, StringComparison.Ordinal);
    }

    private static Task<DemoTenantSummary> SeedAsync(InputDatabase database, int tenants) =>
        new DemoTenantSeeder(database.Source, new TestClock()).SeedAsync(tenants, 1, null, Ct);

    private static Task<string[]> FingerprintsAsync(InputDatabase database) =>
        database.TextsAsync(
            """
            select md5(concat(t,
                (select string_agg(x::text, ';' order by x.entry, x.line) from erp.journal_lines x where x.tenant_id = t.id),
                (select string_agg(x::text, ';' order by x.sku) from erp.materials x where x.tenant_id = t.id),
                (select string_agg(x::text, ';' order by x.number) from erp.customers x where x.tenant_id = t.id),
                (select string_agg(x::text, ';' order by x.code) from erp.pricing_rules x where x.tenant_id = t.id),
                (select string_agg(x::text, ';' order by x.facility_id, x.location_code, x.number) from erp.bins x where x.tenant_id = t.id),
                (select string_agg(x::text, ';' order by x.equipment_code, x.read_at) from erp.equipment_readings x where x.tenant_id = t.id)))
            from tenants t order by t.name
            """,
            Ct
        );
}
