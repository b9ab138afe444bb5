using Microsoft.Extensions.Options;
using Overnight.Core;
using Overnight.Core.Market;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Providers;

/// <summary>Exchange rates of a run, the times of stale ones by currency, and a report per provider.</summary>
internal sealed record RateFeedResult(
    IReadOnlyList<QuotedRate> Quotes,
    IReadOnlyDictionary<string, DateTimeOffset> Stale,
    IReadOnlyList<ProviderReport> Reports
);

/// <summary>
/// Asks the configured providers in order until each currency has its rate to the dollar; the others get their last stored one.
/// </summary>
internal sealed class RateFeed(
    MarketDataStore stored,
    IEnumerable<IExchangeRateProvider> providers,
    ProviderCall call,
    IOptions<ProvidersOptions> options,
    TimeProvider time
)
{
    private const string Feed = "rates";

    private readonly FeedOptions _options = options.Value.Rates;

    /// <exception cref="NoMarketValuesException">There is more than one currency, and no rate at all.</exception>
    public async Task<RateFeedResult> FetchAsync(string market, CancellationToken ct)
    {
        var (last, refused) = await stored.RatesAsync(ct);
        RateTable table = new(last, refused);
        IReadOnlySet<string>? needed = null;
        var reports = await ProviderFallback.AskAsync(
            Feed,
            _options.Names(),
            async () => table.Covers(needed ??= await stored.CurrenciesAsync(market, ct)),
            (name, isStale) => table.UseStored(name, isStale, needed),
            name => AskAsync(providers.First(p => p.Name == name), table, needed!, ct)
        );
        var answer = table.Answer(reports);
        if (answer.Quotes.Count > 0)
            return answer;
        needed ??= await stored.CurrenciesAsync(market, ct);
        if (needed.Count < 2)
            return answer;
        throw new NoMarketValuesException(
            $"There is no exchange rate for {Plural.Of(needed.Count, "currency", "currencies")}, neither from a provider nor stored{ProviderReport.Failures(reports)}. Import some (jobs import rates FILE), or configure {ProvidersOptions.Section}:Rates:Order."
        );
    }

    private async Task<ProviderReport> AskAsync(
        IExchangeRateProvider provider,
        RateTable table,
        IReadOnlySet<string> needed,
        CancellationToken ct
    )
    {
        var now = time.GetUtcNow();
        QuoteValidator validator = new(_options, now, MarketBounds.MostRate);
        var published = Publications.LastRates(now - _options.PublishedWithin);
        var (answer, report) = await call.TryAsync(
            Feed,
            provider.Name,
            options.Value.BudgetOf(provider.Name),
            async token =>
            {
                var fetched = await provider.FetchAsync(token);
                FetchedValue<string>[] values = [.. fetched.Values.Where(v => v.Key != fetched.Base && RateTable.IsCurrency(v.Key))];
                var believed = validator.Check(
                    values,
                    key => key,
                    key => table.LastRate(fetched.Base, key),
                    needed.Where(c => c != fetched.Base),
                    _ => published
                );
                List<Refusal> refusals = [.. believed.Refusals];
                return new AcceptedRates(RateTable.ToDollar(fetched.Base, believed, refusals), refusals);
            },
            ct
        );
        if (answer is null)
            return report;
        await stored.SaveAsync(answer.Quotes, provider.Name, ct);
        return report with
        {
            Values = table.Use(answer.Quotes, needed),
            Refused = answer.Refusals.Count,
            Refusals = ProviderCall.Some(answer.Refusals),
            AsOf = ProviderCall.Newest(answer.Quotes.Select(quote => quote.AsOf)),
        };
    }

    private sealed record AcceptedRates(IReadOnlyList<QuotedRate> Quotes, IReadOnlyList<Refusal> Refusals);
}
