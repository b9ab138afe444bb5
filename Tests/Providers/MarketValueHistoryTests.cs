using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Market;
using Overnight.Jobs.Providers;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;

namespace Overnight.Tests.Providers;

/// <summary>SPEC A13: what is stored of the market stays as it was stored, and a correction is beside it.</summary>
public sealed class MarketValueHistoryTests(TestServers servers)
{
    private static readonly DateTimeOffset Close = new(2026, 11, 19, 21, 0, 0, TimeSpan.Zero);
    private static readonly Guid Asset = Guid.CreateVersion7();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A13_PriceOfOneTime_IsStoredOnce_AndEachCorrectionBesideIt_WhateverTheClockSays()
    {
        await using var database = await CreateAsync();
        TestClock clock = new(Close.AddHours(1));
        MarketDataStore store = new(database.Source, Options.Create(new ProvidersOptions { UsesAllStored = true }), clock);

        await SaveAsync(10m, "stooq");
        await SaveAsync(10m, "stooq");
        await SaveAsync(11m, "stooq");
        await SaveAsync(12m, "other");
        // A replica whose clock is behind.
        MarketDataStore late = new(
            database.Source,
            Options.Create(new ProvidersOptions { UsesAllStored = true }),
            new TestClock(Close.AddMinutes(-30))
        );
        await late.SaveAsync(new Dictionary<Guid, LastValue> { [Asset] = new(11m, Close) }, "stooq", Ct);

        Assert.Equal(
            ["10.00000000 stooq", "11.00000000 stooq", "12.00000000 other", "11.00000000 stooq"],
            await database.TextsAsync("select price || ' ' || source from prices order by known_at", Ct)
        );
        Assert.Equal(Close.AddHours(1), (await TimesAsync(database))[0]);
        Assert.Equal(11m, Assert.Single((await store.AssetsAsync(Ct)).Assets).Asset.Price);

        Task SaveAsync(decimal price, string source) =>
            store.SaveAsync(new Dictionary<Guid, LastValue> { [Asset] = new(price, Close) }, source, Ct);
    }

    [Fact]
    public async Task A13_RateOfOneTime_IsStoredOnce_AndEachCorrectionBesideIt_AlsoTheOtherWayRound()
    {
        await using var database = await CreateAsync();
        MarketDataStore store = new(database.Source, Options.Create(new ProvidersOptions { UsesAllStored = true }), new TestClock(Close));
        // More decimals than are stored.
        QuotedRate euro = new("USD", "EUR", 0.86_000_000_000_049m, Close);

        await store.SaveAsync([euro], "ecb", Ct);
        await store.SaveAsync([euro], "ecb", Ct);
        await store.SaveAsync([new("EUR", "USD", 1.25m, Close)], "ecb", Ct);
        await store.SaveAsync([new("USD", "EUR", 0.9m, Close)], "ecb", Ct);
        await store.SaveAsync([new("EUR", "USD", 1.6m, Close)], "ecb", Ct);

        Assert.Equal(
            ["USD 0.86", "EUR 1.25", "USD 0.9", "EUR 1.6"],
            await database.TextsAsync("select base || ' ' || trim_scale(rate) from exchange_rates order by known_at", Ct)
        );
        Assert.Equal(new QuotedRate("EUR", "USD", 1.6m, Close), Assert.Single((await store.RatesAsync(Ct)).Rates));
        Assert.Equal(
            ["1.6|0.625"],
            await database.TextsAsync(
                """
                select trim_scale(one.rate) || '|' || trim_scale(other.rate)
                from erp.exchange_rate('EUR', 'USD', '2026-11-20') one, erp.exchange_rate('USD', 'EUR', '2026-11-20') other
                """,
                Ct
            )
        );
    }

    /// <summary>The correction that was out of bounds is told; one that was put right is not any more.</summary>
    [Fact]
    public async Task A9_CorrectionOutOfBounds_IsRefused_AndTheValueBeforeItUsed()
    {
        await using var database = await CreateAsync();
        await database.ExecuteAsync(
            $"""
            insert into prices values ('{Asset}', '{Close:O}', 10, 'a', '{Close:O}'), ('{Asset}', '{Close:O}', 99999999999, 'a', '{Close.AddHours(
                1
            ):O}');
            insert into exchange_rates values ('USD', 'EUR', '{Close:O}', 0.9, 'a', '{Close:O}'), ('USD', 'EUR', '{Close:O}', 1e13, 'a', '{Close.AddHours(
                1
            ):O}')
            """,
            Ct
        );
        MarketDataStore store = new(
            database.Source,
            Options.Create(new ProvidersOptions { UsesAllStored = true }),
            new TestClock(Close.AddHours(9))
        );
        var (assets, refusedPrices) = await store.AssetsAsync(Ct);
        var (rates, refusedRates) = await store.RatesAsync(Ct);
        Assert.Equal((10m, 0.9m), (assets[0].Asset.Price!.Value, rates[0].Rate));
        Assert.Equal((1, 1), (refusedPrices.Count, refusedRates.Count));

        await store.SaveAsync(new Dictionary<Guid, LastValue> { [Asset] = new(11, Close) }, "a", Ct);
        await store.SaveAsync([new("USD", "EUR", 0.91m, Close)], "a", Ct);

        (assets, refusedPrices) = await store.AssetsAsync(Ct);
        (rates, refusedRates) = await store.RatesAsync(Ct);
        Assert.Equal((11m, 0.91m), (assets[0].Asset.Price!.Value, rates[0].Rate));
        Assert.Equal((0, 0), (refusedPrices.Count, refusedRates.Count));
    }

    [Theory]
    [InlineData("prices", "price = 2")]
    [InlineData("fundamentals", "pe_ratio = 2")]
    [InlineData("exchange_rates", "rate = 2")]
    public async Task A13_StoredValue_CanNotBeChanged(string table, string change)
    {
        await using var database = await CreateAsync();
        await database.ExecuteAsync(
            $"""
            insert into prices values ('{Asset}', now(), 1, 'test'); insert into exchange_rates values ('USD', 'EUR', now(), 1, 'test');
            insert into fundamentals (asset_id, as_of, pe_ratio, source) values ('{Asset}', now(), 1, 'test')
            """,
            Ct
        );

        var refused = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync($"update {table} set {change}", Ct));

        Assert.Equal($"{table} is immutable: insert a new version instead", refused.MessageText);
    }

    [Fact]
    public async Task A13_RowsFromBefore_AreKnownAtTheirOwnTime()
    {
        await using var database = await CreateAsync();
        await using var context = OvernightContext.Open(database.Source);
        var migrator = context.GetService<IMigrator>();
        await migrator.MigrateAsync("20261129002600_ProviderCalls", Ct);
        await database.ExecuteAsync(
            $"insert into prices values ('{Asset}', '{Close:O}', 1, 'test'), ('{Asset}', '2999-01-01', 2, 'test'), ('{Asset}', '-infinity', 3, 'test')",
            Ct
        );

        await migrator.MigrateAsync(cancellationToken: Ct);

        Assert.Equal(
            [$"1 {Close:yyyy-MM-dd HH:mm}", "2 today", "3 1900-01-01 00:00"],
            await database.TextsAsync(
                """
                select trim_scale(price) || ' ' || case when known_at > now() - interval '1 hour' then 'today'
                    else to_char(known_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') end from prices order by price
                """,
                Ct
            )
        );
    }

    private static async Task<DateTimeOffset[]> TimesAsync(InputDatabase database)
    {
        await using var command = database.Source.CreateCommand("select array_agg(known_at order by known_at) from prices");
        return [.. ((DateTime[])(await command.ExecuteScalarAsync(Ct))!).Select(time => new DateTimeOffset(time))];
    }

    private async Task<InputDatabase> CreateAsync()
    {
        var database = await InputDatabase.CreateAsync(servers, Ct);
        await database.ExecuteAsync(
            $"insert into assets (id, market, symbol, name, currency) values ('{Asset}', 'NYSE', 'A', 'A', 'USD')",
            Ct
        );
        return database;
    }
}
