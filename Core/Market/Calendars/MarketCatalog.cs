using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Overnight.Core.Market.Calendars;

/// <summary>The markets of this installation: those that ship, with changes from the configuration, and those it adds.</summary>
public sealed class MarketCatalog
{
    /// <summary>Market used by commands and requests that name none.</summary>
    public const string Default = "NYSE";

    /// <summary>The years for which the shipped rules hold: the first is limited by history, the last by Japan's equinoxes.</summary>
    public const int FirstYear = 1993,
        LastYear = 2150;

    // Users have few different sets of markets; beyond this number, a set is built for each request.
    private const int MostSets = 1_000;

    private readonly SortedDictionary<string, MarketCalendar> _markets;
    private readonly ConcurrentDictionary<string, MarketCalendar[]> _sets = new(StringComparer.Ordinal);

    /// <exception cref="OptionsValidationException">The configuration is invalid; each message names key, bound and value.</exception>
    public MarketCatalog(IOptions<MarketsOptions> options)
        : this(Read(options, out var failures))
    {
        if (failures.Count > 0)
            throw new OptionsValidationException(MarketOptions.Section, typeof(MarketsOptions), failures);
    }

    private MarketCatalog(SortedDictionary<string, MarketCalendar> markets) => _markets = markets;

    /// <summary>All markets, in order of their codes.</summary>
    public IReadOnlyCollection<MarketCalendar> All => _markets.Values;

    /// <exception cref="RequestException">No market has this code.</exception>
    public MarketCalendar Get(string code) =>
        _markets.TryGetValue(code, out var market)
            ? market
            : throw new RequestException("market", $"There is no market '{code}'. Known: {string.Join(", ", _markets.Keys)}.");

    /// <summary>
    /// The markets of a user, given by their codes with commas between; the default market where none of the codes is known.
    /// </summary>
    public IReadOnlyList<MarketCalendar> OfUser(string codes)
    {
        ArgumentNullException.ThrowIfNull(codes);
        if (_sets.TryGetValue(codes, out var markets))
            return markets;
        markets = [.. codes.Split(',').Select(code => _markets.GetValueOrDefault(code)).OfType<MarketCalendar>()];
        if (markets.Length == 0)
            markets = [Get(Default)];
        if (_sets.Count < MostSets)
            _sets.TryAdd(codes, markets);
        return markets;
    }

    internal static List<string> Failures(MarketsOptions options)
    {
        List<string> failures = [];
        foreach (var (code, market) in options)
            _ = new MarketReader(code, market, failures).Read();
        return failures;
    }

    private static SortedDictionary<string, MarketCalendar> Read(IOptions<MarketsOptions> options, out List<string> failures)
    {
        ArgumentNullException.ThrowIfNull(options);
        failures = [];
        SortedDictionary<string, MarketCalendar> markets = new(StringComparer.Ordinal);
        foreach (var rules in MarketRules.Shipped)
            markets[rules.Code] = MarketReader.Shipped(rules);
        foreach (var (code, market) in options.Value)
        {
            if (new MarketReader(code, market, failures).Read() is { } calendar)
                markets[code] = calendar;
        }
        return markets;
    }
}
