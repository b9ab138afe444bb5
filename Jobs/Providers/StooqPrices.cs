using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using Overnight.Core.Market;
using Overnight.Jobs.Providers.Http;

namespace Overnight.Jobs.Providers;

/// <summary>
/// A CSV quotes API of Stooq's shape: many symbols in one request, a line each, with <c>N/D</c> where it has nothing:
/// <c>Symbol,Date,Time,Open,High,Low,Close,Volume</c>. The close is taken: the last trade while a market is open.
/// </summary>
internal sealed class StooqPrices(ProviderClient client, IOptions<ProvidersOptions> options) : IPriceProvider
{
    /// <summary>What the provider writes for a value that it does not have.</summary>
    private const string NoData = "N/D";

    private static readonly string[] MediaTypes = ["text/csv", "text/plain", "application/csv", "application/octet-stream"];
    private static readonly string[] Columns = ["Symbol", "Date", "Time", "Close"];

    private readonly StooqOptions _options = options.Value.Stooq;

    public string Name => ProviderNames.Stooq;

    public async Task<IReadOnlyList<FetchedValue<Guid>>> FetchAsync(IReadOnlyList<QuotedAsset> assets, CancellationToken ct)
    {
        Dictionary<string, Guid> symbols = new(StringComparer.OrdinalIgnoreCase);
        Dictionary<Guid, string> units = [];
        foreach (var asset in assets)
        {
            if (!_options.Suffixes.TryGetValue(asset.Market, out var suffix))
                continue;
            if (_options.Units.TryGetValue(asset.Market, out var unit))
            {
                // The asset's own unit may be that of the provider; one of another currency can't be told from it.
                if (asset.Asset.Currency != unit && asset.Asset.Currency != MinorUnits.CurrencyOf(unit))
                    continue;
                if (asset.Asset.Currency != unit)
                    units[asset.Asset.Id] = unit;
            }
            symbols.TryAdd(Symbol(asset.Asset.Symbol) + suffix, asset.Asset.Id);
        }
        var zone = TimeZoneInfo.FindSystemTimeZoneById(_options.TimeZone);
        List<FetchedValue<Guid>> values = [];
        foreach (var part in symbols.Keys.Chunk(_options.SymbolsPerRequest))
        {
            // Plus signs stand between symbols, so they are not escaped; a symbol has letters, digits and .^=- only.
            var query = $"s={string.Join('+', part.Select(Uri.EscapeDataString))}&f=sd2t2ohlcv&h&e=csv";
            values.AddRange(await client.GetAsync(query, MediaTypes, body => Read(body, symbols, zone), ct));
        }
        return [.. values.Select(value => units.TryGetValue(value.Key, out var unit) ? InCurrency(value, unit) : value)];
    }

    /// <summary>A text that is no number is left for <see cref="QuoteValidator"/> to refuse.</summary>
    private static FetchedValue<Guid> InCurrency(FetchedValue<Guid> value, string unit) =>
        decimal.TryParse(value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var price)
            ? value with
            {
                Text = MinorUnits.Convert(price, unit).ToString(CultureInfo.InvariantCulture),
            }
            : value;

    // Nothing in this format has quotes, so a comma is always a separator.
    internal static List<FetchedValue<Guid>> Read(ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, Guid> symbols, TimeZoneInfo zone)
    {
        var lines = Encoding.UTF8.GetString(body.Span).TrimStart('\uFEFF').Split('\n');
        var header = lines[0].TrimEnd('\r').Split(',');
        var places = Array.ConvertAll(Columns, column => Array.IndexOf(header, column));
        if (places.Contains(-1))
            throw new ProviderException(ProviderFault.Malformed, $"the answer is no CSV with {string.Join(", ", Columns)}");

        List<FetchedValue<Guid>> values = [];
        for (var i = 1; i < lines.Length; i++)
        {
            var fields = lines[i].TrimEnd('\r').Split(',');
            if (fields is [""])
                continue;
            // A last line with too few fields means that the answer was cut off.
            if (fields.Length != header.Length && i == lines.Length - 1)
                throw new ProviderException(
                    ProviderFault.Malformed,
                    $"line {i + 1} of the answer has {fields.Length} fields, not {header.Length}"
                );
            // Lines of symbols that were not asked for are ignored.
            if (places[0] >= fields.Length || !symbols.TryGetValue(fields[places[0]], out var asset))
                continue;
            if (fields.Length != header.Length)
            {
                // Which field is the close can't be told, so this line is refused; the other lines are used.
                values.Add(new(asset, "", null));
                continue;
            }
            var (date, time, close) = (fields[places[1]], fields[places[2]], fields[places[3]]);
            values.Add(close is NoData or "" || date is NoData ? new(asset, null, null) : new(asset, close, Time(date, time, zone)));
        }
        return values;
    }

    /// <summary>Share classes are written with a point here and with a hyphen by the provider, such as BRK.B and brk-b.</summary>
    private static string Symbol(string symbol) => symbol.Replace('.', '-').ToLowerInvariant();

    /// <returns>Null when the text is no time, so that this line is refused and the others are not.</returns>
    private static DateTimeOffset? Time(string date, string time, TimeZoneInfo zone)
    {
        if (
            !DateTime.TryParseExact(
                $"{date} {(time == NoData ? "00:00:00" : time)}",
                "yyyy-MM-dd HH:mm:ss",
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out var local
            )
        )
        {
            return null;
        }
        // The hour that a change of clocks skips does not exist; an hour more or less does not matter here.
        if (zone.IsInvalidTime(local))
            local = local.AddHours(1);
        return new DateTimeOffset(TimeZoneInfo.ConvertTimeToUtc(local, zone), TimeSpan.Zero);
    }
}
