using Overnight.Core.Market;

namespace Overnight.Jobs.Providers;

/// <summary>
/// The rates of a run as they come together. Everything goes through the dollar, so that what two providers and the tables delivered
/// can be mixed: each currency has one rate to it, of one source.
/// </summary>
/// <param name="last">The last stored rate of each pair.</param>
/// <param name="refused">Newer stored rates that are not believed.</param>
internal sealed class RateTable(IReadOnlyList<QuotedRate> last, IReadOnlyList<Refusal>? refused = null)
{
    private const string Feed = "rates",
        Dollar = "USD";

    private readonly IReadOnlyList<Refusal> _refused = refused ?? [];
    private readonly Dictionary<(string From, string To), decimal> _lastRates = CrossRates.Compute(last);
    private readonly Dictionary<string, DateTimeOffset> _lastTimes = last.Where(IsToDollar).ToDictionary(CurrencyOf, q => q.AsOf);
    private readonly Dictionary<string, QuotedRate> _rates = [];
    private readonly List<QuotedRate> _direct = [];
    private readonly Dictionary<string, DateTimeOffset> _stale = [];

    public static bool IsCurrency(string code) => code.Length == 3 && code.All(char.IsAsciiLetterUpper);

    public bool Covers(IReadOnlySet<string> currencies) => currencies.All(c => c == Dollar || _rates.ContainsKey(c));

    /// <summary>The last stored rate of a pair, directly or through the dollar; of the older of its two legs.</summary>
    public LastValue? LastRate(string from, string to)
    {
        if (!_lastRates.TryGetValue((from, to), out var rate))
            return null;
        DateTimeOffset? time = null;
        foreach (var currency in (string[])[from, to])
        {
            if (currency == Dollar)
                continue;
            if (!_lastTimes.TryGetValue(currency, out var own))
                return null;
            if (time is null || own < time)
                time = own;
        }
        return time is { } asOf ? new(rate, asOf) : null;
    }

    /// <returns>How many of the needed currencies are new by it.</returns>
    public int Use(IEnumerable<QuotedRate> quotes, IReadOnlySet<string> needed) =>
        quotes.Count(quote => _rates.TryAdd(CurrencyOf(quote), quote) && needed.Contains(CurrencyOf(quote)));

    /// <summary>Takes the stored rates for currencies that have none yet.</summary>
    /// <param name="stale">Whether they stand in for what a provider should have delivered.</param>
    /// <param name="needed">Those that count in the report; all when null.</param>
    public ProviderReport UseStored(string name, bool stale, IReadOnlySet<string>? needed)
    {
        var values = 0;
        DateTimeOffset? since = null;
        foreach (var quote in last)
        {
            if (!IsToDollar(quote))
            {
                // Of currencies whose rate to the dollar is newer, it would be a second opinion.
                if (_rates.ContainsKey(quote.Base) && _rates.ContainsKey(quote.Quote) || _direct.Contains(quote))
                    continue;
                _direct.Add(quote);
                foreach (var leg in (string[])[quote.Base, quote.Quote])
                {
                    if (stale && !_rates.ContainsKey(leg))
                        _stale[leg] = quote.AsOf;
                }
                continue;
            }
            var currency = CurrencyOf(quote);
            if (!_rates.TryAdd(currency, quote))
                continue;
            if (stale)
                _stale[currency] = quote.AsOf;
            if (needed?.Contains(currency) == false)
                continue;
            values++;
            if (since is null || quote.AsOf < since)
                since = quote.AsOf;
        }
        return new(
            Feed,
            name,
            stale && values > 0 ? ProviderOutcome.Stale : ProviderOutcome.Used,
            Values: values,
            Refused: _refused.Count,
            Refusals: ProviderCall.Some(_refused),
            StaleSince: stale ? since : null
        );
    }

    public RateFeedResult Answer(IReadOnlyList<ProviderReport> reports) => new([.. _direct, .. _rates.Values], _stale, reports);

    /// <summary>Rates to another currency, as rates to the dollar.</summary>
    /// <param name="refusals">Receives those that are none to the dollar.</param>
    /// <exception cref="ProviderException">The other currency itself has none that is believed, or no other one has.</exception>
    public static IReadOnlyList<QuotedRate> ToDollar(string from, ValidatedQuotes<string> answer, List<Refusal>? refusals = null)
    {
        refusals ??= [];
        if (from == Dollar)
            return [.. answer.Values.Select(v => new QuotedRate(Dollar, v.Key, v.Value.Value, v.Value.AsOf))];
        if (!answer.Values.TryGetValue(Dollar, out var dollar))
        {
            throw new ProviderException(
                ProviderFault.NoDollarRate,
                $"rates are for one {from}, and that to the dollar is not there or refused"
            )
            {
                Refusals = answer.Refusals,
            };
        }
        List<QuotedRate> quotes = [new(from, Dollar, dollar.Value, dollar.AsOf)];
        foreach (var (currency, rate) in answer.Values)
        {
            if (currency == Dollar)
                continue;
            if (
                !CrossRates.TryDivide(rate.Value, dollar.Value, out var perDollar)
                || perDollar is < MarketBounds.LeastRate or > MarketBounds.MostRate
            )
            {
                refusals.Add(new(currency, "out_of_range", $"{rate.Value} for one {from}, which is {dollar.Value} {Dollar}"));
                continue;
            }
            quotes.Add(new(Dollar, currency, CrossRates.Round(perDollar), rate.AsOf < dollar.AsOf ? rate.AsOf : dollar.AsOf));
        }
        if (quotes.Count == 1 && refusals.Count > 0)
            throw new ProviderException(ProviderFault.NotBelieved, $"no rate is one to the {Dollar}") { Refusals = refusals };
        return quotes;
    }

    private static bool IsToDollar(QuotedRate quote) => quote.Base == Dollar || quote.Quote == Dollar;

    private static string CurrencyOf(QuotedRate quote) => quote.Base == Dollar ? quote.Quote : quote.Base;
}
