using System.Diagnostics;
using Microsoft.Extensions.Options;
using Overnight.Core.Market;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Providers;

/// <summary>The assets and exchange rates of a run, with a report per provider.</summary>
internal sealed record MarketFeedResult(
    IReadOnlyList<QuotedAsset> Assets,
    IReadOnlyList<QuotedRate> Quotes,
    MarketStaleness Staleness,
    IReadOnlyList<ProviderReport> Reports,
    TimeSpan RatesTook,
    TimeSpan PricesTook
);

/// <summary>Fetches the rates and prices of a run once: a plan that is tried again gets the first answer.</summary>
internal sealed class MarketFeed(RateFeed rates, PriceFeed prices, IOptions<ProvidersOptions> options)
{
    private sealed record Fetched(Guid Run, MarketFeedResult Answer);

    private Fetched? _last;

    /// <summary>The longest that a fetch may take.</summary>
    public TimeSpan Longest => options.Value.Longest();

    /// <exception cref="NoMarketValuesException">No exchange rate or no price is known.</exception>
    public async Task<MarketFeedResult> FetchAsync(PipelineRun run, CancellationToken ct)
    {
        if (Volatile.Read(ref _last) is { } last && last.Run == run.Id)
            return last.Answer;
        var begin = Stopwatch.GetTimestamp();
        var fetchedRates = await rates.FetchAsync(run.Market, ct);
        var ratesTook = Stopwatch.GetElapsedTime(begin);
        begin = Stopwatch.GetTimestamp();
        var fetchedPrices = await prices.FetchAsync(ct);
        MarketFeedResult answer = new(
            fetchedPrices.Assets,
            fetchedRates.Quotes,
            new(fetchedPrices.Stale, fetchedRates.Stale),
            [.. fetchedRates.Reports, .. fetchedPrices.Reports],
            ratesTook,
            Stopwatch.GetElapsedTime(begin)
        );
        Volatile.Write(ref _last, new(run.Id, answer));
        return answer;
    }

    /// <summary>Drops a run's answer from memory; call it when the run is planned, because the database has the answer then.</summary>
    public void Forget(PipelineRun run)
    {
        if (Volatile.Read(ref _last) is { } last && last.Run == run.Id)
            Interlocked.CompareExchange(ref _last, null, last);
    }
}
