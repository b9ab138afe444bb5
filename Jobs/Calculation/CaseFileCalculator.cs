using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Overnight.Core.Json;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;
using Overnight.Jobs.Pipeline;

namespace Overnight.Jobs.Calculation;

/// <summary>How many cases of a file were calculated, and the errors of the others.</summary>
internal sealed record CaseSummary(int Calculated, IReadOnlyList<string> Errors);

/// <summary>
/// Calculates portfolios from JSON lines, <c>{"case": .., "input": {..}}</c> each, without a database. A case with an
/// error is answered by <c>{"case": .., "error": ".."}</c> and does not stop the others.
/// </summary>
internal static class CaseFileCalculator
{
    public static async Task<CaseSummary> RunAsync(TextReader input, TextWriter output, CancellationToken ct)
    {
        Core.Recommendations.Calculation calculation = new();
        List<string> errors = [];
        var (calculated, number) = (0, 0);
        while (await input.ReadLineAsync(ct) is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            var name = $"line {number}";
            JsonElement caseName = default;
            try
            {
                using var document = JsonDocument.Parse(line);
                var root = document.RootElement;
                if (root.ValueKind != JsonValueKind.Object)
                    throw new FormatException("must be an object {\"case\": .., \"input\": {..}}");
                var half = line.Contains("\\u", StringComparison.Ordinal)
                    ? JsonSurrogates.PathOfHalfPair(Encoding.UTF8.GetBytes(line))
                    : null;
                // A case whose name is not valid Unicode is reported by its line.
                if (half?.StartsWith("input", StringComparison.Ordinal) != false && root.TryGetProperty("case", out var id))
                {
                    caseName = id.Clone();
                    name = $"case {id}";
                }
                if (half is not null)
                    throw new FormatException($"{half} {JsonSurrogates.HalfPair}");
                if (JsonDuplicates.PathIn(root) is { } duplicate)
                    throw new FormatException($"{duplicate} {JsonDuplicates.Twice}");
                if (!root.TryGetProperty("input", out var inputElement))
                    throw new FormatException("input is missing");
                var one = CaseReader.Read(inputElement);
                calculation.Run(one.Portfolio, CollectionsMarshal.AsSpan(one.Criteria), one.Market);
                await output.WriteLineAsync(Answer(caseName, one, calculation));
                calculated++;
            }
            catch (Exception exception) when (exception is not (IOException or OperationCanceledException))
            {
                // One bad case is reported, in its place, and must not stop the others.
                var message = exception switch
                {
                    CalculationException failure => $"{FieldOf(failure.Reason)}: {failure.Message}",
                    JsonException json => $"not valid JSON: {JsonErrors.Describe(json)}",
                    FormatException => exception.Message,
                    _ => FailureText.Of(exception),
                };
                errors.Add($"{name}: {message}");
                await output.WriteLineAsync(Failure(caseName, number, message));
            }
        }
        return new(calculated, errors);
    }

    private static string FieldOf(string reason) =>
        reason switch
        {
            "no_criteria" => "input.criteria",
            "missing_exchange_rate" => "input.rates",
            _ => "input.assets",
        };

    private static string Answer(JsonElement caseName, CalculationCase one, Core.Recommendations.Calculation calculation)
    {
        var criteria = one.Criteria;
        return JsonSerializer.Serialize(
            new
            {
                @case = caseName,
                scores = Indices(one.AssetIds.Count)
                    .Select(i => new
                    {
                        assetId = one.AssetIds[i],
                        score = calculation.Scores[i].Score.ToString(),
                        matched = Ids(criteria, calculation.Scores[i].Matched),
                        skipped = Ids(criteria, calculation.Scores[i].Skipped),
                    })
                    .ToArray(),
                allocations = Indices(calculation.Allocations.Length)
                    .Select(i => new
                    {
                        classId = i < one.ClassIds.Count ? one.ClassIds[i] : "unclassified",
                        current = calculation.Allocations[i].Current.ToString(),
                        gap = calculation.Allocations[i].Gap.ToString(),
                        overAllocated = calculation.Allocations[i].OverAllocated,
                        value = Decimal4.Round(calculation.Allocations[i].Value).ToString(),
                        after = calculation.SharesAfter[i].ToString(),
                    })
                    .ToArray(),
                recommendations = Indices(calculation.Ranked.Length)
                    .Select(i => new
                    {
                        assetId = one.AssetIds[calculation.Ranked[i].Holding],
                        symbol = one.Market.Assets[calculation.Ranked[i].Holding].Symbol,
                        amount = calculation.Ranked[i].Amount.ToString(),
                        allocationGap = calculation.Allocations[calculation.Ranked[i].Allocation].Gap.ToString(),
                        overAllocated = calculation.Ranked[i].OverAllocated,
                    })
                    .ToArray(),
                unallocated = calculation.Unallocated.ToString(),
            }
        );
    }

    private static string Failure(JsonElement caseName, int line, string message) =>
        caseName.ValueKind == JsonValueKind.Undefined
            ? JsonSerializer.Serialize(new { line, error = message })
            : JsonSerializer.Serialize(new { @case = caseName, error = message });

    private static IEnumerable<int> Indices(int count) => Enumerable.Range(0, count);

    private static string[] Ids(List<Criterion> criteria, ulong mask) =>
        [
            .. Indices(criteria.Count)
                .Where(i => (mask >> i & 1) != 0)
                .Select(i => JsonSerializer.Deserialize<string>($"\"{Encoding.UTF8.GetString(criteria[i].IdJson.Span)}\"")!),
        ];
}
