using Overnight.Core.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Warming;

/// <summary>SPEC G, last paragraph: what holds the query of an own set besides its role's rights.</summary>
public sealed class OwnSetLimitTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A role that was granted more than it needs writes nothing all the same.</summary>
    [Fact]
    public async Task Query_ThatWritesWhatItsRoleMayWrite_IsRefused()
    {
        await using var warm = await OwnSets.CreateAsync(servers, "select note('a') as sku, '' as value");
        await warm.Database.ExecuteAsync(
            """
            create table notes (note text);
            create function note(text) returns text language sql as 'insert into notes values ($1) returning note';
            grant insert, select on notes to overnight_sets
            """
        );

        var outcome = await warm.WarmAsync("prices", Ct);

        Assert.Equal(WarmStatus.Failed, outcome.Status);
        Assert.Contains("read-only transaction", outcome.Error);
        Assert.Equal(0, await warm.ScalarAsync<long>("select count(*) from notes"));
    }

    /// <summary>As the query itself sees them: the limits of its transaction, and those of every session.</summary>
    [Fact]
    public async Task Query_HasItsLimits()
    {
        await using var warm = await OwnSets.CreateAsync(
            servers,
            "select name as sku, setting as value from pg_settings",
            ("Warming:Sets:prices:StatementTimeout", "00:00:07")
        );

        Assert.Equal(WarmStatus.Completed, (await warm.WarmAsync("prices", Ct)).Status);

        foreach (
            var (setting, value) in ((string, string)[])
                [
                    ("transaction_read_only", "on"),
                    ("statement_timeout", "7000"),
                    ("idle_in_transaction_session_timeout", "40000"),
                    ("lock_timeout", "20000"),
                ]
        )
            Assert.Equal((setting, value), (setting, (string?)await warm.Cache.StringGetAsync($"{OwnSets.Prefix(warm)}:{setting}")));
    }
}
