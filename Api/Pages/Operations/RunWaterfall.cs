using Overnight.Api.Audit;
using Overnight.Core;

namespace Overnight.Api.Pages.Operations;

/// <summary>
/// Lays out the steps and batches of a run along its time. Batches that ran at once are in rows of their own, as many as the workers had
/// hands.
/// </summary>
internal sealed class RunWaterfall(RunTimeline timeline, OperationsFormats formats)
{
    private const int MostRows = 12,
        MostListed = 200;

    /// <summary>The narrowest bar that is seen, in percent.</summary>
    private const double LeastWidth = 0.25;

    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["rates"] = "Exchange rates",
        ["prices"] = "Prices",
        ["plan"] = "Plan",
        ["users"] = "Users",
        ["finish"] = "Finish",
    };

    private readonly double _length = Math.Max(1, timeline.LengthMs);

    public WaterfallViewModel View()
    {
        List<WaterfallRow> rows = [];
        foreach (var step in timeline.Steps)
        {
            rows.Add(Step(step));
            if (step.Name == "users")
                rows.AddRange(Lanes());
        }
        var done = timeline.Batches.Count(batch => batch.Status == "done");
        return new(
            rows,
            [.. Enumerable.Range(0, 5).Select(quarter => quarter == 0 ? "0" : formats.Duration(_length * quarter / 4))],
            "A bar is a step or a batch; above one another are batches that ran at once.",
            [.. timeline.Batches.Take(MostListed).Select(Batch)],
            $"{formats.Count(done)} of {Plural.Of(timeline.Batches.Count, "batch", "batches")} done"
        );
    }

    private WaterfallRow Step(RunStep step)
    {
        var until = step.UntilMs ?? timeline.LengthMs;
        var name = Names.GetValueOrDefault(step.Name, step.Name);
        var took = formats.Duration(until - step.FromMs);
        return new(
            name,
            step.UntilMs is null ? $"{took} so far" : took,
            $"{name}, from {formats.Duration(step.FromMs)} to {formats.Duration(until)}{(step.UntilMs is null ? ", under way" : "")}",
            [Bar(step.FromMs, until, step.UntilMs is null ? "running" : "done")],
            IsBatches: false
        );
    }

    /// <summary>Each batch goes into the first row that is free when it begins.</summary>
    private IEnumerable<WaterfallRow> Lanes()
    {
        List<(double End, List<RunBatch> Batches)> lanes = [];
        foreach (var batch in timeline.Batches.Where(batch => batch.FromMs is not null).OrderBy(batch => batch.FromMs))
        {
            var end = batch.UntilMs ?? timeline.LengthMs;
            var free = lanes.FindIndex(lane => lane.End <= batch.FromMs + 0.5);
            if (free < 0)
            {
                lanes.Add((end, [batch]));
                continue;
            }
            lanes[free].Batches.Add(batch);
            lanes[free] = (end, lanes[free].Batches);
        }
        foreach (var (_, batches) in lanes.Take(MostRows))
        {
            yield return new(
                Plural.Of(batches.Count, "batch", "batches"),
                "",
                $"{Plural.Of(batches.Count, "batch", "batches")}, one after another",
                Merge(batches),
                IsBatches: true
            );
        }
    }

    /// <summary>Neighbours that can't be told apart at this scale become one bar.</summary>
    private List<WaterfallBar> Merge(List<RunBatch> batches)
    {
        List<(double From, double Until, string Kind)> bars = [];
        foreach (var batch in batches)
        {
            var (from, until, kind) = (batch.FromMs!.Value, batch.UntilMs ?? timeline.LengthMs, Kind(batch));
            if (bars.Count > 0 && bars[^1] is var last && last.Kind == kind && (until - last.From) / _length * 100 < LeastWidth * 4)
                bars[^1] = (last.From, until, kind);
            else
                bars.Add((from, until, kind));
        }
        return [.. bars.Select(bar => Bar(bar.From, bar.Until, bar.Kind))];
    }

    private WaterfallBar Bar(double from, double until, string kind)
    {
        var width = Math.Max(LeastWidth, 100 * (until - from) / _length);
        var at = Math.Clamp(100 * from / _length, 0, 100 - Math.Min(100, width));
        return new(OperationsFormats.Place(at), OperationsFormats.Place(Math.Min(100, width)), kind);
    }

    private static string Kind(RunBatch batch) =>
        batch.UntilMs is null ? "running"
        : batch.UsersFailed > 0 ? "failed"
        : "done";

    private BatchRow Batch(RunBatch batch)
    {
        var (state, word) = Kind(batch) switch
        {
            "failed" => ("provisional", "done in part"),
            "done" => ("fresh", "done"),
            _ => batch.FromMs is null ? ("waiting", "waiting") : ("running", "running"),
        };
        return new(
            formats.Count(batch.Number),
            formats.Count(batch.Size),
            formats.Count(batch.UsersFailed),
            state,
            word,
            batch.FromMs is { } from ? formats.Duration(from) : "",
            batch is { FromMs: { } begin, UntilMs: { } end } ? formats.Duration(end - begin) : "",
            batch.CachedMs is { } cached ? formats.Duration(cached) : "not yet",
            batch.Tries == 0 ? "" : formats.Count(batch.Tries)
        );
    }
}
