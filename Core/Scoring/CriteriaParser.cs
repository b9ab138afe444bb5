using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Overnight.Core.Json;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;

namespace Overnight.Core.Scoring;

/// <summary>
/// Reads criteria from the JSON that their user wrote: an array of
/// <c>{id, name, metric, operator, value, value2, points, requiredFundamentals}</c>, decimals as strings or numbers. Apart from the list
/// nothing is allocated: ids and names are slices of the source.
/// </summary>
public static class CriteriaParser
{
    private const string Reason = "corrupt_criteria";

    /// <param name="json">UTF-8; must stay unchanged as long as the criteria are used.</param>
    /// <param name="criteria">Receives the criteria in order; cleared first.</param>
    /// <exception cref="CalculationException">The text is no such array; the message names criterion and field.</exception>
    public static void Read(ReadOnlyMemory<byte> json, List<Criterion> criteria)
    {
        ArgumentNullException.ThrowIfNull(criteria);
        criteria.Clear();
        try
        {
            Utf8JsonReader reader = new(json.Span);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
                throw Corrupt(0, "criteria", "must be an array");
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (criteria.Count == Scorer.MaxCriteria)
                    throw Corrupt(criteria.Count, "criteria", $"has more than {Scorer.MaxCriteria} entries");
                criteria.Add(ReadOne(ref reader, json, criteria.Count));
            }
            // Text outside the known fields is stored and shown with the criteria, so it must be Unicode as well.
            if (JsonSurrogates.PathOfHalfPair(json.Span) is { } path)
                throw new CalculationException(CalculationStage.Load, Reason, $"criteria{path} {JsonSurrogates.HalfPair}");
        }
        catch (JsonException exception)
        {
            throw new CalculationException(CalculationStage.Load, Reason, $"criteria: not valid JSON ({JsonErrors.Describe(exception)})");
        }
    }

    private static Criterion ReadOne(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json, int index)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Corrupt(index, "criterion", "must be an object");
        ReadOnlyMemory<byte>? id = null,
            name = null;
        Metric? metric = null;
        ComparisonOperator? comparison = null;
        decimal? value = null,
            upper = null,
            points = null;
        ushort required = 0;

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueIsEscaped && !JsonSurrogates.IsUnicode(reader.ValueSpan))
                throw Corrupt(index, Encoding.UTF8.GetString(reader.ValueSpan), $"has a name that {JsonSurrogates.HalfPair}");
            if (reader.ValueTextEquals("id"u8))
                id = Text(ref reader, json, index, "id");
            else if (reader.ValueTextEquals("name"u8))
                name = Text(ref reader, json, index, "name");
            else if (reader.ValueTextEquals("metric"u8))
                metric = MetricOf(ref reader, json, index, "metric");
            else if (reader.ValueTextEquals("operator"u8))
                comparison = OperatorOf(Text(ref reader, json, index, "operator"), index);
            else if (reader.ValueTextEquals("value"u8))
                value = Number(ref reader, index, "value");
            else if (reader.ValueTextEquals("value2"u8))
                upper = Number(ref reader, index, "value2");
            else if (reader.ValueTextEquals("points"u8))
                points = Number(ref reader, index, "points");
            else if (reader.ValueTextEquals("requiredFundamentals"u8))
                required = RequiredOf(ref reader, json, index);
            else
                reader.Skip();
        }

        var op = comparison ?? throw Corrupt(index, "operator", "is missing");
        if (points is < -100 or > 100)
            throw Corrupt(index, "points", $"must be between -100 and 100, not {points}");
        if (value is null && op != ComparisonOperator.Exists)
            throw Corrupt(index, "value", "is missing");
        if (upper is null && op == ComparisonOperator.Between)
            throw Corrupt(index, "value2", "is missing: between needs an upper bound");
        return new(
            id ?? throw Corrupt(index, "id", "is missing"),
            name ?? throw Corrupt(index, "name", "is missing"),
            metric ?? throw Corrupt(index, "metric", "is missing"),
            op,
            value ?? 0,
            upper ?? 0,
            Decimal4.Round(points ?? throw Corrupt(index, "points", "is missing")),
            required
        );
    }

    private static ReadOnlyMemory<byte> Text(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json, int index, string field)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.String)
            throw Corrupt(index, field, "must be a string");
        if (reader.ValueIsEscaped && !JsonSurrogates.IsUnicode(reader.ValueSpan))
            throw Corrupt(index, field, $"{JsonSurrogates.HalfPair}, not '{Encoding.UTF8.GetString(reader.ValueSpan)}'");
        // The escaped text between the quotes, because the result contains it unchanged.
        return json.Slice((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
    }

    private static decimal? Number(ref Utf8JsonReader reader, int index, string field)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (
            reader.TokenType is JsonTokenType.String or JsonTokenType.Number
            && Utf8Parser.TryParse(reader.ValueSpan, out decimal number, out var consumed)
            && consumed == reader.ValueSpan.Length
        )
            return number;
        throw Corrupt(index, field, $"must be a decimal number, not '{Encoding.UTF8.GetString(reader.ValueSpan)}'");
    }

    private static Metric MetricOf(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json, int index, string field)
    {
        var name = Text(ref reader, json, index, field);
        return Metrics.TryParse(name.Span, out var metric)
            ? metric
            : throw Corrupt(
                index,
                field,
                $"'{Encoding.UTF8.GetString(name.Span)}' is unknown; known are {string.Join(", ", Metrics.Names)}"
            );
    }

    private static ushort RequiredOf(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json, int index)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            return reader.TokenType == JsonTokenType.Null ? (ushort)0 : throw Corrupt(index, "requiredFundamentals", "must be an array");
        }
        ushort required = 0;
        while (true)
        {
            var ahead = reader;
            if (!ahead.Read())
                throw Corrupt(index, "requiredFundamentals", "does not end");
            if (ahead.TokenType == JsonTokenType.EndArray)
            {
                reader = ahead;
                return required;
            }
            required |= (ushort)(1 << (int)MetricOf(ref reader, json, index, "requiredFundamentals"));
        }
    }

    private static ComparisonOperator OperatorOf(ReadOnlyMemory<byte> name, int index) =>
        name.Span switch
        {
            var s when s.SequenceEqual("gt"u8) => ComparisonOperator.GreaterThan,
            var s when s.SequenceEqual("gte"u8) => ComparisonOperator.GreaterOrEqual,
            var s when s.SequenceEqual("lt"u8) => ComparisonOperator.LessThan,
            var s when s.SequenceEqual("lte"u8) => ComparisonOperator.LessOrEqual,
            var s when s.SequenceEqual("equals"u8) => ComparisonOperator.Equals,
            var s when s.SequenceEqual("between"u8) => ComparisonOperator.Between,
            var s when s.SequenceEqual("exists"u8) => ComparisonOperator.Exists,
            _ => throw Corrupt(
                index,
                "operator",
                $"'{Encoding.UTF8.GetString(name.Span)}' is unknown; known are gt, gte, lt, lte, equals, between, exists"
            ),
        };

    private static CalculationException Corrupt(int index, string field, string what) =>
        new(CalculationStage.Load, Reason, $"criteria[{index}].{field} {what}");
}
