using Npgsql;
using Overnight.Core.Market;
using Overnight.Core.Runs;
using Overnight.Jobs.Providers;

namespace Overnight.Jobs.Pipeline;

/// <summary>A run's market snapshot built from stored values, without asking a provider.</summary>
/// <param name="IsOfThen">Whether the values are those known at the time as of which the run computes; false where none was.</param>
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
        var limits = run.AsOf is { } due ? ValueLimits.AsOf(due) : ValueLimits.Of(now);
        var (assets, _) = await MarketDataStore.AssetsAsync(connection, options, limits, ct);
        var isOfThen = run.AsOf is not null;
        if (isOfThen && !assets.Any(asset => asset.Asset.Price is not null))
        {
            (limits, isOfThen) = (ValueLimits.Of(now), false);
            (assets, _) = await MarketDataStore.AssetsAsync(connection, options, limits, ct);
        }
        if (!assets.Any(asset => asset.Asset.Price is not null))
            throw new NoMarketValuesException("No price is stored. Import some (jobs import companies FILE), or let a night fetch them.");
        var (last, refused) = await MarketDataStore.RatesAsync(connection, options, limits, ct);
        RateTable rates = new(last, refused);
        rates.UseStored(ProviderNames.Imported, stale: false, needed: null);
        var quotes = rates.Answer([]).Quotes;
        return new(RunPlanner.Snapshot(run, assets, quotes, MarketStaleness.None, now), quotes.Count, isOfThen);
    }
}
