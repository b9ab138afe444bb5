using Overnight.Tests.Harness;

namespace Overnight.Tests.Retention;

/// <summary>SPEC A13: nights of kept dates find the market values that they would have found.</summary>
public sealed class MarketValueRetentionTests(TestServers servers)
{
    private static readonly TestClock Clock = new(new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Kept is from 2024-11-01 on, and nights are due days before their date.</summary>
    [Fact]
    public async Task A13_MarketValues_ThatNoKeptDateUses_AreRemoved_ButTheLastOfEachSource()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        await database.ExecuteAsync(
            """
            insert into assets (id, market, symbol, name, currency) values ($1, 'NYSE', 'A', 'A', 'USD'), ($2, 'NYSE', 'B', 'B', 'USD')
            """,
            Ct,
            Guid.CreateVersion7(),
            Guid.CreateVersion7()
        );
        const string told = """
            (values ('2024-09-01', '2024-09-01', 'a', 1, false), ('2024-09-01', '2024-09-02', 'a', 2, false), ('2024-10-01', '2024-10-01', 'a', 3, true),
                ('2024-10-02', '2024-12-01', 'a', 4, true), ('2024-10-01', '2024-10-01', 'b', 5, true), ('2024-10-29', '2024-10-29', 'a', 6, true),
                ('2024-12-01', '2024-12-01', 'a', 7, true)) told (as_of, known_at, source, value, stays)
            """;
        await database.ExecuteAsync(
            $"insert into prices select id, as_of::timestamptz, value, source, known_at::timestamptz from assets, {told}",
            Ct
        );
        // Refused for its size, so that it stands in for no other.
        await database.ExecuteAsync("insert into prices select id, '2024-10-03', 99999999999, 'a', '2024-10-03' from assets", Ct);
        await database.ExecuteAsync(
            $"insert into fundamentals (asset_id, as_of, pe_ratio, source, known_at) select id, as_of::timestamptz, value, source, known_at::timestamptz from assets, {told}",
            Ct
        );
        await database.ExecuteAsync(
            $"insert into exchange_rates select 'USD', 'EUR', as_of::timestamptz, value, source, known_at::timestamptz from {told}",
            Ct
        );

        var report = await database.Retention(Clock, o => o.DeleteRows = 1).RunOnceAsync(isDryRun: false, Ct);

        Assert.Equal((4, 4, 1), (report!.Rows["prices"], report.Rows["fundamentals"], report.Rows["exchange_rates"]));
        Assert.Equal(0, await database.ScalarAsync($"select count(*) from prices join {told} on price = value where not stays", Ct));
        Assert.Equal(
            0,
            await database.ScalarAsync($"select count(*) from fundamentals join {told} on pe_ratio = value where not stays", Ct)
        );
        Assert.Equal(0, await database.ScalarAsync("select count(*) from exchange_rates where rate = 1", Ct));
        Assert.Equal(6, await database.ScalarAsync("select count(*) from exchange_rates", Ct));
    }
}
