using System.Globalization;
using Overnight.Api.Audit;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Layout;
using Overnight.Core;

namespace Overnight.Api.Pages.History;

/// <summary>Writes the audit events of a calculation for people, with everything that they hold.</summary>
internal sealed class EventViewModelBuilder(DisplayFormats formats)
{
    public IReadOnlyList<EventViewModel> Of(CalculationDetail calculation) => [.. calculation.Events.Select(Of)];

    private EventViewModel Of(EventDocument document) =>
        document switch
        {
            StartedDocument started => View(
                started,
                "Started",
                $"Taken up in batch {started.Batch.ToString(CultureInfo.InvariantCulture)} of the night."
            ),
            InputsDocument inputs => Inputs(inputs),
            ScoresDocument scores => View(
                scores,
                "Scores computed",
                $"{Plural.Of(scores.Scores.Count, "holding was", "holdings were")} scored by the criteria of that night.",
                tables: [new("Scores", ["Holding", "#Score", "Criteria that counted"], [.. scores.Scores.Select(Score)])]
            ),
            CompletedDocument completed => Completed(completed),
            _ => throw new ArgumentOutOfRangeException(nameof(document), document, "Unknown event."),
        };

    private EventViewModel Completed(CompletedDocument completed)
    {
        if (completed.Stage is { } stage)
            return View(completed, "Failed", $"At the step \u201C{stage}\u201D: {CodeWords.Of(completed.Reason)}.");
        var took = formats.Number((decimal)completed.DurationMs, 1);
        return View(
            completed,
            "Completed",
            $"{Plural.Of(completed.Recommendations, "holding was", "holdings were")} ranked, in {took} ms."
        );
    }

    private EventViewModel Inputs(InputsDocument inputs)
    {
        List<(string, TimedText)> facts =
        [
            ("Contribution", inputs.Contribution is null ? "none planned" : $"{Exact(inputs.Contribution)} {inputs.BaseCurrency}"),
            ("Criteria", $"version {inputs.Criteria.Version}"),
            ("Rules", $"version {inputs.RuleVersion}"),
            ("Form of the result", $"version {inputs.WriterVersion}"),
            ("Market snapshot", MomentViewModel.Of(inputs.Snapshot.TakenAt, formats)),
        ];
        if (inputs.Snapshot.PricesAsOf is { } prices)
            facts.Add(("Prices of", MomentViewModel.AsOf(prices, formats)));
        if (inputs.Snapshot.RatesAsOf is { } rates)
            facts.Add(("Exchange rates of", MomentViewModel.AsOf(rates, formats)));
        return View(
            inputs,
            "Inputs captured",
            "What the result was computed from, kept unchanged.",
            facts,
            [
                new(
                    "Holdings",
                    ["Holding", "Class", "#Quantity", "#Price", "Currency"],
                    [
                        .. inputs.Holdings.Select(holding =>
                            (string[])
                                [
                                    holding.Name is { Length: > 0 } name ? $"{holding.Symbol} {name}" : holding.Symbol,
                                    holding.ClassName ?? "none",
                                    Exact(holding.Quantity),
                                    holding.Price is null ? "none" : Exact(holding.Price),
                                    holding.Currency,
                                ]
                        ),
                    ]
                ),
                new(
                    "Classes",
                    ["Class", "#Target from, %", "#to, %", "#Least amount"],
                    [
                        .. inputs.Classes.Select(one =>
                            (string[])[one.Name, Exact(one.TargetMin), Exact(one.TargetMax), Exact(one.MinAmount)]
                        ),
                    ]
                ),
                new(
                    "Exchange rates",
                    ["From", "To", "#Rate"],
                    [.. inputs.Rates.Select(rate => (string[])[rate.From, rate.To, Exact(rate.Rate)])]
                ),
            ]
        );
    }

    private string[] Score(ScoreDocument score)
    {
        var counted = score
            .Breakdown.Where(criterion => criterion.Outcome == "matched")
            .Select(criterion => $"{criterion.Name ?? criterion.Metric} {Signed(criterion.Points)}");
        var skipped = score.Breakdown.Count(criterion => criterion.Outcome == "skipped");
        var words = string.Join(", ", counted);
        return
        [
            score.Symbol,
            Exact(score.Score),
            (words.Length, skipped) switch
            {
                (0, 0) => "none",
                (0, _) => $"none; {skipped} without a value",
                (_, 0) => words,
                _ => $"{words}; {skipped} without a value",
            },
        ];
    }

    private EventViewModel View(
        EventDocument document,
        string title,
        string words,
        IReadOnlyList<(string, TimedText)>? facts = null,
        IReadOnlyList<EventTable>? tables = null
    ) =>
        new(
            title,
            MomentViewModel.Of(document.OccurredAt, formats),
            words,
            facts ?? [],
            [.. (tables ?? []).Where(table => table.Rows.Count > 0)]
        );

    private string Signed(string? points) => points is null or ['-', ..] ? Exact(points ?? "0") : $"+{Exact(points)}";

    /// <summary>A captured decimal in the reader's form; as it was captured where it has more decimals than are shown.</summary>
    private string Exact(string text) =>
        decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var value)
        && Math.Round(value, 4, MidpointRounding.ToZero) == value
            ? formats.Number(value, DisplayFormats.Decimals([value]))
            : text;
}
