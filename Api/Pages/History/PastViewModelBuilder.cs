using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Core;
using Overnight.Core.Market.Calendars;

namespace Overnight.Api.Pages.History;

/// <summary>Makes the page of one result of the past.</summary>
internal static class PastViewModelBuilder
{
    public static PastViewModel Of(PastResult past, DisplayFormats formats)
    {
        var night = $"Night of {past.Run.Market}, {formats.Sentence(IsoDate.Of(past.Run.BusinessDate))}";
        if (past.Run.Revision > 1)
            night += $", revision {past.Run.Revision}";
        var view = past.Result is { } result ? Result(result, night, formats) : null;
        var (headline, lead) = Missing(past);
        return new(
            night,
            past.Run.Id,
            PagePaths.HistoryOf(past.Run.Id),
            view,
            view?.Headline ?? headline,
            view?.Lead ?? lead,
            past.Calculation is { } calculation ? new EventViewModelBuilder(formats).Of(calculation) : [],
            past.Unreadable
                ?? (past.Calculation is null ? "The audit events of this night are not stored any more; the result is as it was." : null)
        );
    }

    /// <summary>What a result of the past says of its own age: it is judged by the dashboard alone, which knows what replaced it.</summary>
    public static FreshnessViewModel Trust(ResultDocument result, DisplayFormats formats)
    {
        var trust = FreshnessViewModelBuilder.Of(result.Times, new(FreshnessStatus.Fresh, ""), default, null, formats);
        var isStale = result.Times.PricesStale || result.Times.RatesStale;
        return trust with
        {
            State = isStale ? "provisional" : "past",
            Word = isStale ? "Provisional." : "As stored.",
            Reason = isStale
                ? "A provider failed that night, so stored values were used."
                : "It is shown as that night computed it, byte for byte.",
            Advice = null,
            Source = "",
        };
    }

    private static DashboardViewModel Result(ResultDocument result, string night, DisplayFormats formats)
    {
        var view = new DashboardViewModelBuilder(result, formats).Make(Trust(result, formats)) with { Eyebrow = night };
        return view.Contribution is null && result.Recommendations.Count > 0
            ? view with
            {
                Headline = "No contribution was planned",
                Lead = "This is the order in which you would have bought.",
            }
            : view;
    }

    private static (string Headline, string Lead) Missing(PastResult past)
    {
        if (past.Calculation?.Events.OfType<Audit.CompletedDocument>().FirstOrDefault() is { Stage: { } stage } failed)
            return (
                "This night could not compute your portfolio",
                $"It failed at the step \u201C{stage}\u201D: {CodeWords.Of(failed.Reason)}. The result before it stayed in place."
            );
        return past.Calculation is null
            ? ("This result can't be shown", "Nothing of it is lost: the export of your data has it as it is stored.")
            : ("The result is not stored any more", "Its audit events are still here.");
    }
}
