using System.Globalization;
using Overnight.Api.Pages.Display;
using Overnight.Core.Caching;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>How an answer was found.</summary>
/// <param name="Elapsed">From the request's turn to the parsed entry.</param>
/// <param name="IsDatabaseAway">Whether PostgreSQL did not answer this node's last request.</param>
internal readonly record struct AnswerOrigin(EntrySource Source, TimeSpan Elapsed, bool IsDatabaseAway);

/// <summary>Makes the dashboard's content of a stored result.</summary>
internal sealed class DashboardViewModelBuilder(ResultDocument result, DisplayFormats formats)
{
    /// <summary>Rows of a table. A page of more would not stay small; the CSV has all.</summary>
    private const int MostRows = 60,
        MostOthers = 40;

    private readonly int _amountDecimals = Math.Max(
        2,
        DisplayFormats.Decimals(
            result.Recommendations.Select(item => item.Amount).Append(result.TotalInvestable).Append(result.Unallocated)
        )
    );
    private readonly int _scoreDecimals = DisplayFormats.Decimals(result.Recommendations.Select(item => item.Score));
    private readonly StoredRecommendation[] _bought = [.. result.Recommendations.Where(item => item.Amount > 0)];

    /// <summary>Path below which the pages of holdings are; null for no links to them.</summary>
    public string? WhyPath { get; init; }

    private bool HasContribution => result.TotalInvestable > 0;
    private List<StoredClass> Targets => [.. result.Classes.Where(item => item.HasTarget)];

    public DashboardViewModel Make(FreshnessViewModel trust)
    {
        var (headline, lead) = Headline();
        var shown = _bought.Length > 0 ? _bought : [.. result.Recommendations];
        var rest = _bought.Length > 0 ? result.Recommendations.Where(item => item.Amount == 0).ToList() : [];
        return new()
        {
            Eyebrow = HasContribution ? "Next contribution" : "Your portfolio",
            Contribution = HasContribution
                ? formats.Number(result.TotalInvestable, Math.Max(2, DisplayFormats.Decimals([result.TotalInvestable])))
                : null,
            Currency = result.Currency,
            Headline = headline,
            Lead = lead,
            Trust = trust,
            Rows = [.. shown.Take(MostRows).Select(Row)],
            HasAmounts = _bought.Length > 0,
            HasClasses = result.Recommendations.Any(item => item.ClassName is not null),
            Sum = formats.Number(_bought.Sum(item => item.Amount), _amountDecimals),
            Rest =
                result.Unallocated > 0
                    ? $"{formats.Amount(result.Unallocated, _amountDecimals, result.Currency)} stay unallocated."
                    : "Nothing is left over.",
            Cut = shown.Length > MostRows ? Cut(shown) : null,
            Others = [.. rest.Take(MostOthers).Select(Row)],
            Notes = [.. Notes(rest.Count)],
            Allocation = AllocationPicture.Of(result, formats),
            Facts = [.. Facts()],
        };
    }

    private (string Headline, string Lead) Headline()
    {
        if (result.Recommendations.Count == 0)
            return (
                HasContribution ? "and nothing could be ranked" : "Nothing could be ranked",
                "No holding has both a price and a score. What was left out is listed below."
            );
        if (!HasContribution)
        {
            return (
                "No contribution is planned",
                "This is the order in which you would buy. Plan a contribution, and the next night shares it out."
            );
        }
        if (_bought.Length == 0)
        {
            return ("and nothing to buy", $"{WhyNothing()}, so the whole contribution stays unallocated.");
        }
        return ($"into {_bought.Length} {(_bought.Length == 1 ? "holding" : "holdings")}", Why());
    }

    /// <summary>Entries of older writers have no classes, and say no more than that there is no room.</summary>
    private string WhyNothing() =>
        result.Classes.Count > 0 && Targets.Count == 0 ? "No holding is in a class with a target"
        : Targets.Count > 0 && Targets.TrueForAll(item => item.IsOver) ? "Every class is above its target range"
        : "No holding is in a class with room for more";

    /// <summary>Says what decides: the class that is furthest below its target, then the score.</summary>
    private string Why()
    {
        var first = _bought[0];
        // Holdings are in the order of priority: where the first that is bought has none above 0, no other that is bought has.
        if (!first.HasPriority)
        {
            return result.Recommendations.Any(item => item.HasPriority)
                ? $"By priority each share is below the smallest amount worth buying in its class, so they are put together and go to {first.Symbol}."
                : "No priority is above 0, which takes a class below the middle of its target and a positive score, so the contribution is shared equally.";
        }
        var score = formats.Number(first.Score, _scoreDecimals);
        if (first.ClassName is null)
        {
            return $"{first.Symbol} comes first: its class is {Points(first.Gap)} below the middle of its target, and its score is {score}.";
        }
        var (most, amount) = _bought
            .GroupBy(item => item.ClassName, StringComparer.Ordinal)
            .Select(group => (group.First(), Amount: group.Sum(item => item.Amount)))
            .MaxBy(group => group.Amount);
        var part = formats.Percent(100 * amount / result.TotalInvestable);
        var why = most.Gap > 0 ? $", a class {Points(most.Gap)} below the middle of its target" : "";
        return $"Most goes to {most.ClassName} ({part}){why}. {first.Symbol} comes first, with a score of {score}.";
    }

    private string Points(decimal gap) => $"{formats.Number(gap, 1)} points";

    private HoldingRow Row(StoredRecommendation item)
    {
        var part = item.Amount > 0 && HasContribution ? 100 * item.Amount / result.TotalInvestable : 0;
        return new(
            item.Rank.ToString(CultureInfo.InvariantCulture),
            item.Symbol,
            item.Name,
            item.ClassName,
            formats.Number(item.Amount, _amountDecimals),
            item.Amount > 0 ? formats.Percent(part) : null,
            AllocationPicture.Place(part),
            formats.Number(item.Score, _scoreDecimals),
            formats.Signed(item.Gap, 1),
            item.TopContributor == "none" ? null : item.TopContributor
        )
        {
            Link = WhyPath is null || item.AssetId == Guid.Empty ? null : $"{WhyPath}/{item.AssetId:D}",
        };
    }

    private string Cut(StoredRecommendation[] shown)
    {
        var rest = shown.Skip(MostRows).Sum(item => item.Amount);
        var amount = rest > 0 ? $", {formats.Amount(rest, _amountDecimals, result.Currency)} together" : "";
        return $"{shown.Length - MostRows} more{amount}: the CSV has all of them.";
    }

    private IEnumerable<NoteViewModel> Notes(int others)
    {
        if (result.LeftOut.Count > 0)
        {
            yield return new(
                "Left out:",
                string.Join(", ", result.LeftOut.Take(MostOthers).Select(item => $"{item.Symbol} ({CodeWords.Of(item.Reason)})"))
                    + (result.LeftOut.Count > MostOthers ? $" and {result.LeftOut.Count - MostOthers} more." : ".")
            );
        }
        if (others > MostOthers)
            yield return new("Not shown:", $"{others - MostOthers} more holdings that get nothing; the CSV has them.");
    }

    private IEnumerable<(string, string)> Facts()
    {
        yield return ("Portfolio", formats.Amount(result.TotalValue, 2, result.Currency));
        yield return ("Holdings", formats.Number(result.Recommendations.Count + result.LeftOut.Count, 0));
        if (result.CriteriaVersion.Length > 0)
            yield return ("Criteria", $"version {result.CriteriaVersion}");
        if (result.Market is not null && result.BusinessDate is not null)
            yield return (
                "Night",
                $"{result.Market}, {formats.Sentence(result.BusinessDate)}{(result.Revision > 1 ? $", revision {result.Revision}" : "")}"
            );
    }
}
