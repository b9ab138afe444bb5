using System.Globalization;
using Overnight.Api.Pages.Display;
using Overnight.Core.Caching;
using Overnight.Core.Market.Calendars;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>Says how far to trust a result: a word, why, what to make of it, and where the answer came from.</summary>
internal static class FreshnessViewModelBuilder
{
    public static FreshnessViewModel Of(
        in ResultTimes times,
        FreshnessVerdict verdict,
        AnswerOrigin origin,
        NextRun? next,
        DisplayFormats formats
    ) =>
        new(
            verdict.Status.Name(),
            $"{char.ToUpperInvariant(verdict.Status.Name()[0])}{verdict.Status.Name()[1..]}.",
            formats.Sentence(verdict.Reason),
            Advice(verdict.Status),
            times.GeneratedAt is { } generatedAt ? MomentViewModel.Of(generatedAt, formats) : null,
            Sources(times, formats),
            next is { } night ? MomentViewModel.Of(night.DueUtc, formats) : null,
            next?.Market,
            Source(origin),
            origin.IsDatabaseAway
                ? "The database does not answer at the moment. This is the whole stored result; only what changes something has to wait."
                : null
        );

    private static string? Advice(FreshnessStatus status) =>
        status switch
        {
            FreshnessStatus.Fresh => null,
            FreshnessStatus.Provisional => "Amounts may change once the provider answers again.",
            FreshnessStatus.Delayed => "These are the amounts of the night before. Newer ones are on their way: reload later.",
            FreshnessStatus.Stale => "Check prices before you buy by it.",
            _ => throw new ArgumentOutOfRangeException(nameof(status), status, "Unknown status."),
        };

    private static List<(string, MomentViewModel)> Sources(in ResultTimes times, DisplayFormats formats)
    {
        List<(string, MomentViewModel)> sources = [];
        if (times.PricesAsOf is { } prices)
            sources.Add((", from prices of ", MomentViewModel.AsOf(prices, formats)));
        if (times.RatesAsOf is { } rates)
            sources.Add(
                (sources.Count > 0 ? " and exchange rates of " : ", from exchange rates of ", MomentViewModel.AsOf(rates, formats))
            );
        return sources;
    }

    /// <summary>Milliseconds in the international form, as in every log.</summary>
    private static string Source(AnswerOrigin origin)
    {
        var milliseconds = Math.Max(0.1, origin.Elapsed.TotalMilliseconds).ToString("0.0", CultureInfo.InvariantCulture);
        var from = origin.Source switch
        {
            EntrySource.Memory => "From this node's memory",
            EntrySource.Cache => "From the cache",
            _ => "From the database",
        };
        return $"{from}, in {milliseconds}\u00A0ms.";
    }
}
