using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Warming;
using Overnight.Jobs.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Providers;
using Overnight.Tests.Roles;

namespace Overnight.Tests.Warming;

/// <summary>SPEC G, last paragraph: own sets that may not be, at the start or when they are warmed.</summary>
public sealed class OwnSetRefusalTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("with gone as (delete from users returning id) select id as sku, '' as value from gone", "data-modifying", true)]
    [InlineData("select token_hash as sku, '' as value from sessions", "permission denied for table sessions", true)]
    [InlineData("select password_hash as sku, '' as value from user_passwords", "permission denied for table user_passwords", true)]
    [InlineData("select email as sku, '' as value from users", "grant select on .. to overnight_sets", true)]
    [InlineData("select set_config('role', 'overnight', false) as sku, '' as value", "permission denied to set role", false)]
    [InlineData("select set_config('session_authorization', 'overnight', false) as sku, '' as value", "session authorization", false)]
    [InlineData(
        "select 'a' as sku, query_to_xml('select * from sessions', true, false, '')::text as value",
        "denied for table sessions",
        false
    )]
    [InlineData(
        "select set_config('role', 'overnight', true) as sku, query_to_xml('select * from user_passwords', true, false, '')::text as value",
        "permission denied to set role",
        false
    )]
    [InlineData("select 'a' as sku, query_to_xml('set role overnight', true, false, '')::text as value", "SET is not allowed", false)]
    [InlineData(
        "select 'a' as sku, query_to_xml('select password_hash from user_passwords', true, false, '')::text as value",
        "denied for table user_passwords",
        false
    )]
    [InlineData(
        "select 'a' as sku, table_to_xml('user_passwords', true, false, '')::text as value",
        "denied for table user_passwords",
        false
    )]
    [InlineData(
        "select word as sku, '' as value from ts_stat('select token_hash::tsvector from sessions')",
        "denied for table sessions",
        false
    )]
    [InlineData(
        "select 'a' as sku, query_to_xml('select rolpassword from pg_authid', true, false, '')::text as value",
        "denied for table pg_authid",
        false
    )]
    [InlineData(
        "select 'a' as sku, query_to_xml('select * from erp.accounts', true, false, '')::text as value",
        "denied for schema erp",
        false
    )]
    [InlineData("select 'a' as sku, pg_read_file('postgresql.conf') as value", "denied for function pg_read_file", true)]
    [InlineData("select 'a' as sku, pg_read_binary_file('PG_VERSION') as value", "denied for function pg_read_binary_file", true)]
    [InlineData("select name as sku, '' as value from pg_ls_dir('.') as name", "denied for function pg_ls_dir", true)]
    [InlineData("select 'a' as sku, lo_import('/etc/passwd')::text as value", "denied for function lo_import", true)]
    [InlineData("select 'a' as sku, current_setting('hba_file') as value", "hba_file", false)]
    [InlineData("select pg_sleep(60)::text as sku, '' as value", "statement timeout", false)]
    [InlineData("select 'a' as sku, '' as value; drop table users", "syntax error", true)]
    [InlineData("select 'a' as sku, 'b' as text", "no column value", true)]
    [InlineData("select 1 as value from nowhere -- a comment", "\"nowhere\" does not exist", true)]
    public async Task Warm_QueryThatMayNotBe_IsRefusedAndNothingHappens(string sql, string words, bool isSeenAtStart)
    {
        await using var warm = await OwnSets.CreateAsync(servers, sql);
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

    /// <summary>A role that grants don't hold back would show a set everything.</summary>
    [Theory]
    [InlineData("superuser", "is a superuser")]
    [InlineData("bypassrls", "may bypass row-level security")]
    [InlineData("in role pg_read_all_data", "may read every table")]
    [InlineData("in role pg_read_server_files", "may read the server's files")]
    public async Task Check_RoleThatMayReadMore_IsRefused(string more, string words)
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);
        var (role, password) = ($"sets_{Guid.NewGuid():N}", RandomNumberGenerator.GetHexString(32));
        await TestRoles.AsAdministratorAsync(database.Server, $"create role {role} login password '{password}' {more}", Ct);
        NpgsqlConnectionStringBuilder sets = new(database.Server) { Username = role, Password = password };
        await using var warm = WarmFixture.Over(
            database.Configuration["ConnectionStrings:overnight"]!,
            await servers.CacheConnectionStringAsync(Ct),
            null,
            ("ConnectionStrings:overnight_sets", sets.ConnectionString),
            ("Warming:Sets:prices:Key", "prices-of-mine:{sku}"),
            ("Warming:Sets:prices:Sql", "select 'a' as sku, 'b' as value")
        );
        try
        {
            var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => warm.Get<ConfiguredWarmSets>().CheckAsync(Ct));
            Assert.StartsWith(
                $"ConnectionStrings:overnight_sets names a role that {words}.",
                Assert.Single(refused.Failures),
                StringComparison.Ordinal
            );
        }
        finally
        {
            await TestRoles.AsAdministratorAsync(database.Server, $"drop role {role}", Ct);
        }
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
        await using var warm = await OwnSets.CreateAsync(servers, "select 1", ($"Warming:Sets:prices:{key}", value));
        var failure = Assert.Throws<OptionsValidationException>(() => warm.Get<IOptions<WarmingOptions>>().Value);
        Assert.Contains(words, failure.Message);
    }
}
