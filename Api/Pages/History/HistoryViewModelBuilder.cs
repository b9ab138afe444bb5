using Overnight.Api.Audit;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Core;

namespace Overnight.Api.Pages.History;

/// <summary>Says of each night in one line what it came to.</summary>
internal static class HistoryViewModelBuilder
{
    /// <summary>Holdings that a line names.</summary>
    private const int Named = 3;

    public static HistoryRow Of(CalculationItem item, ResultDocument? result, DisplayFormats formats)
    {
        var bought = result?.Recommendations.Where(one => one.Amount > 0).ToList() ?? [];
        return new(
            PagePaths.HistoryOf(item.RunId),
            formats.Sentence(IsoDate.Of(item.BusinessDate)),
            item.Market,
            item.Revision > 1 ? $"revision {item.Revision}" : null,
            item.Reason is not null ? "failed"
                : result is null ? "gone"
                : "done",
            Words(item, result, bought),
            bought.Count > 0 ? formats.Number(bought.Sum(one => one.Amount), 2) : null,
            result is null ? null : formats.Number(result.TotalValue, 2),
            result?.Currency,
            MomentViewModel.Of(item.CompletedAt, formats)
        );
    }

    private static string Words(CalculationItem item, ResultDocument? result, List<StoredRecommendation> bought)
    {
        if (item.Reason is not null)
            return $"Not computed: {CodeWords.Of(item.Reason)}";
        if (result is null)
            return "The result is not stored any more";
        if (bought.Count == 0)
            return result.TotalInvestable > 0 ? "Nothing to buy" : "No contribution, holdings in order";
        var names = string.Join(", ", bought.Take(Named).Select(one => one.Symbol));
        return bought.Count > Named ? $"{names} and {bought.Count - Named} more" : names;
    }
}
