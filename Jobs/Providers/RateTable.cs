using Overnight.Core.Market;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Providers;

/// <summary>
/// Collects the rates of a run. All are kept to the dollar, so that rates of several providers and of the tables can be combined: each
/// currency has one rate, of one source.
/// </summary>
/// <param name="last">The last stored rate of each pair.</param>
/// <param name="refused">Newer stored rates that are refused.</param>
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

    /// <summary>The last stored rate of a pair, directly or through the dollar; its time is that of the older of the two legs.</summary>
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

    /// <returns>How many of the needed currencies get their rate from these quotes.</returns>
    public int Use(IEnumerable<QuotedRate> quotes, IReadOnlySet<string> needed) =>
        quotes.Count(quote => _rates.TryAdd(CurrencyOf(quote), quote) && needed.Contains(CurrencyOf(quote)));

    /// <summary>Takes the stored rates for currencies that have none yet.</summary>
    /// <param name="stale">Whether they replace what a provider should have delivered.</param>
    /// <param name="needed">Currencies that count in the report; all when null.</param>
    public ProviderReport UseStored(string name, bool stale, IReadOnlySet<string>? needed)
    {
        var values = 0;
        DateTimeOffset? since = null,
            newest = null;
        foreach (var quote in last)
        {
            if (!IsToDollar(quote))
            {
                // When both currencies have a rate to the dollar, the stored rate of the pair could contradict those.
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
            if (newest is null || quote.AsOf > newest)
                newest = quote.AsOf;
        }
        return new(
            Feed,
            name,
            stale && values > 0 ? ProviderOutcome.Stale : ProviderOutcome.Used,
            Values: values,
            Refused: _refused.Count,
            Refusals: ProviderCall.Some(_refused),
            StaleSince: stale ? since : null,
            AsOf: newest
        );
    }

    public RateFeedResult Answer(IReadOnlyList<ProviderReport> reports) => new([.. _direct, .. _rates.Values], _stale, reports);

    /// <summary>Converts rates to another currency into rates to the dollar.</summary>
    /// <param name="refusals">Receives the rates that can't be converted.</param>
    /// <exception cref="ProviderException">The other currency has no accepted rate to the dollar, or no rate can be
    /// converted.</exception>
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
