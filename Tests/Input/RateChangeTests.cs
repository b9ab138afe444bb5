using Npgsql;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Input;

/// <summary>SPEC G5: whoever changes exchange rates ends what tenants have of them in the cache, by triggers.</summary>
public sealed class RateChangeTests(TestServers servers)
{
    private const string Raised = "erp.generations where tenant_id = '00000000-0000-0000-0000-000000000000' and entity = 'finance:xrate'";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, "insert into exchange_rates values ('USD', 'CAD', '2026-06-01', 1.38, 'test')")]
    [InlineData(0, "insert into exchange_rates values ('EUR', 'USD', '2026-06-01', 1.2, 'test', '2026-06-01') on conflict do nothing")]
    [InlineData(1, "insert into exchange_rates values ('EUR', 'USD', '2026-06-01', 1.2, 'test', '2026-06-02') on conflict do nothing")]
    [InlineData(0, "update exchange_rates set rate = 2 where base = 'CHF'")]
    [InlineData(1, "delete from exchange_rates where base = 'EUR'")]
    [InlineData(0, "delete from exchange_rates where base = 'CHF'")]
    public async Task Statement_OnExchangeRates_RaisesWhenItChangedAny(int expected, string sql)
    {
        await using var database = await CreateAsync();

        await database.ExecuteAsync(sql, Ct);

        Assert.Equal(expected, await database.CountAsync(Raised, Ct));
    }

    /// <summary>A transaction of several statements, as an import is, beside one that stores what a provider delivered.</summary>
    [Fact]
    public async Task Transactions_ThatChangeTheSameRates_WaitForEachOtherInOneOrder()
    {
        const string insert =
            "insert into exchange_rates values ('GBP', 'USD', '2026-06-02', 1.4, 'test', '2026-06-02') on conflict do nothing";
        await using var database = await CreateAsync();
        await using var connection = await database.Source.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await using (NpgsqlCommand delete = new("delete from exchange_rates where base = 'EUR'", connection))
            await delete.ExecuteNonQueryAsync(Ct);

        var other = database.ExecuteAsync(insert, Ct);
        await Eventually.TrueAsync(
            async () =>
                await database.CountAsync(
                    "pg_locks where not granted and database = (select oid from pg_database where datname = current_database())",
                    Ct
                ) == 1,
            "the other waits"
        );
        await using (NpgsqlCommand same = new(insert, connection))
            await same.ExecuteNonQueryAsync(Ct);
        await transaction.CommitAsync(Ct);
        await other;

        Assert.Equal(
            ["1.300000000000", "1.400000000000"],
            await database.TextsAsync("select rate::text from exchange_rates order by 1", Ct)
        );
    }

    private async Task<InputDatabase> CreateAsync()
    {
        var database = await InputDatabase.CreateAsync(servers, Ct);
        await database.ExecuteAsync(
            """
            insert into exchange_rates values
                ('EUR', 'USD', '2026-06-01', 1.1, 'test', '2026-06-01'), ('GBP', 'USD', '2026-06-01', 1.3, 'test', '2026-06-01')
            """,
            Ct
        );
        await database.ExecuteAsync("delete from erp.generations", Ct);
        return database;
    }
}
