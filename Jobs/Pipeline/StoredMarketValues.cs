using Npgsql;
using Overnight.Core.Market;
using Overnight.Core.Runs;
using Overnight.Jobs.Providers;

namespace Overnight.Jobs.Pipeline;

/// <summary>A run's market snapshot built from stored values, without asking a provider.</summary>
/// <param name="IsOfThen">Whether the values are those of the time as of which the run computes.</param>
internal sealed record StoredMarketValues(MarketSnapshot Snapshot, int Rates, bool IsOfThen)
{
    /// <exception cref="NoMarketValuesException">No price is stored.</exception>
    public static async Task<StoredMarketValues> ReadAsync(
        NpgsqlConnection connection,
        PipelineRun run,
        ProvidersOptions options,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        var latest = QuoteValidator.Latest(now);
        var isOfThen = false;
        if (run.AsOf is { } due && await HasPricesAsync(connection, options, due, ct))
            (latest, isOfThen) = (due, true);
        var (assets, _) = await MarketDataStore.AssetsAsync(connection, options, latest, ct);
        if (!assets.Any(asset => asset.Asset.Price is not null))
            throw new NoMarketValuesException("No price is stored. Import some (jobs import companies FILE), or let a night fetch them.");
        var (last, refused) = await MarketDataStore.RatesAsync(connection, options, latest, ct);
        RateTable rates = new(last, refused);
        rates.UseStored(ProviderNames.Imported, stale: false, needed: null);
        var quotes = rates.Answer([]).Quotes;
        return new(RunPlanner.Snapshot(run, assets, quotes, MarketStaleness.None, now), quotes.Count, isOfThen);
    }

    private static async Task<bool> HasPricesAsync(
        NpgsqlConnection connection,
        ProvidersOptions options,
        DateTimeOffset latest,
        CancellationToken ct
    ) => (await MarketDataStore.AssetsAsync(connection, options, latest, ct)).Assets.Any(asset => asset.Asset.Price is not null);
}
