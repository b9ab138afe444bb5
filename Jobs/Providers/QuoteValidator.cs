using System.Globalization;
using Overnight.Core.Market;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Providers;

/// <summary>The last stored value of something, and the time it is of.</summary>
internal readonly record struct LastValue(decimal Value, DateTimeOffset AsOf);

/// <summary>The accepted values of an answer, and the refused ones.</summary>
internal sealed record ValidatedQuotes<TKey>(IReadOnlyDictionary<TKey, LastValue> Values, IReadOnlyList<Refusal> Refusals)
    where TKey : notnull;

/// <summary>
/// Decides which values of a provider are accepted. A refused one is left out, with the reason, and the next provider or the last
/// stored value replaces it; an answer of which too many are refused is refused as a whole.
/// </summary>
/// <param name="most">The largest value accepted: what the tables hold, with room for what is computed from it.</param>
internal sealed class QuoteValidator(FeedOptions options, DateTimeOffset now, decimal most)
{
    /// <summary>How far ahead a time may be: clocks and time zones differ, and a date without a time may be a day ahead.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromDays(1);

    /// <summary>Smallest value accepted; the tables keep at least 8 decimals.</summary>
    private const decimal Least = 0.00000001m;

    /// <summary>A value dated later than this is in the future and is not used, whether a provider or a table has it.</summary>
    public static DateTimeOffset Latest(DateTimeOffset now) => now + Tolerance;

    /// <param name="name">Names a key in messages.</param>
    /// <param name="last">The last stored value, null when there is none.</param>
    /// <param name="wanted">Keys that the answer should have; the others are checked as well.</param>
    /// <param name="published">When a key's value was last published; null where that is not known.</param>
    /// <exception cref="ProviderException">All or too many values of the answer are refused.</exception>
    public ValidatedQuotes<TKey> Check<TKey>(
        IReadOnlyList<FetchedValue<TKey>> answer,
        Func<TKey, string> name,
        Func<TKey, LastValue?> last,
        IEnumerable<TKey> wanted,
        Func<TKey, AgeLimit>? published = null
    )
        where TKey : notnull
    {
        Dictionary<TKey, LastValue> values = [];
        List<Refusal> refusals = [];
        HashSet<TKey> seen = [],
            twice = [];
        foreach (var fetched in answer)
        {
            if (fetched.Text is null)
                continue;
            if (!seen.Add(fetched.Key))
            {
                // Which of the values is right can't be told, so none is used.
                values.Remove(fetched.Key);
                if (twice.Add(fetched.Key))
                    refusals.Add(new(name(fetched.Key), "twice", null));
                continue;
            }
            if (fetched.AsOf is not { } asOf)
                refusals.Add(new(name(fetched.Key), "no_time", null));
            else if (
                Refuse(fetched.Text, asOf, last(fetched.Key), published?.Invoke(fetched.Key) ?? AgeLimit.None, out var value) is { } refused
            )
                refusals.Add(new(name(fetched.Key), refused.Reason, refused.Detail));
            else
                values.Add(fetched.Key, new(value, asOf));
        }
        if (seen.Count == 0)
            throw new ProviderException(ProviderFault.Empty, "the answer has no value");
        var share = Math.Min(1, (decimal)refusals.Count / seen.Count);
        if (share > options.MaxRefusedShare || values.Count == 0)
        {
            throw new ProviderException(
                ProviderFault.NotBelieved,
                $"{refusals.Count} of {seen.Count} values are refused, more than a share of {options.MaxRefusedShare}"
            )
            {
                Refusals = refusals,
            };
        }
        // A value that the provider does not have is reported, but does not count as a refused one.
        refusals.AddRange(wanted.Where(key => !seen.Contains(key)).Select(key => new Refusal(name(key), "missing", null)));
        return new(values, refusals);
    }

    private (string Reason, string? Detail)? Refuse(
        string text,
        DateTimeOffset asOf,
        LastValue? last,
        AgeLimit published,
        out decimal value
    )
    {
        const NumberStyles styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!decimal.TryParse(text, styles, CultureInfo.InvariantCulture, out value))
            return ("not_a_number", null);
        if (value == 0)
            return ("zero", null);
        if (value < 0)
            return ("negative", $"{value}");
        if (value > most || value < Least)
            return ("out_of_range", $"{value}");
        if (asOf > Latest(now))
            return ("future", $"of {asOf:yyyy-MM-dd}");
        if (asOf < now - options.MaxAge)
            return ("outdated", $"of {asOf:yyyy-MM-dd}");
        if (published.IsOlder(asOf))
            return ("outdated", $"of {asOf:yyyy-MM-dd}, and those of {published.Day:yyyy-MM-dd} are published");
        return last is { } known ? Moved(value, asOf, known) : null;
    }

    private (string, string)? Moved(decimal value, DateTimeOffset asOf, LastValue last)
    {
        // Prices move with the square root of time; a bound for one day would refuse every value after a long gap.
        var days = Math.Max(1, Math.Abs((asOf - last.AsOf).TotalDays));
        var bound = options.MaxMove * (decimal)Math.Sqrt(days);
        var (low, high) = value < last.Value ? (value, last.Value) : (last.Value, value);
        return high - low > low * bound ? ("moved", $"{last.Value} of {last.AsOf:yyyy-MM-dd} to {value}, more than {bound:P0}") : null;
    }
}
