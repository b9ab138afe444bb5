using Microsoft.EntityFrameworkCore;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Core.Data;
using Overnight.Core.Deadlines;

namespace Overnight.Api.Audit;

/// <summary>
/// Which runs a client wants to see: <c>?jobType=&amp;market=&amp;date=&amp;status=&amp;state=</c>, all of them where left out.
/// </summary>
/// <param name="State">Of the night or the scheduled warm that it is a run of, against its deadline.</param>
internal readonly record struct RunFilter(
    string? Market,
    DateOnly? BusinessDate,
    string? Status,
    string? JobType = null,
    string? State = null
)
{
    private const int MaxMarket = 12;

    /// <param name="jobTypeField">The name of that field, for an error.</param>
    public static RunFilter Read(
        string? jobType,
        string? market,
        string? date,
        string? status,
        QueryErrors errors,
        string? state = null,
        string jobTypeField = "jobType"
    )
    {
        // An unknown market's code is not an error: its list is empty.
        if (
            market is not null
            && (market.Length is < 2 or > MaxMarket || !market.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c)))
        )
        {
            errors.Add("market", $"must be the code of a market, such as NYSE, not '{DisplayText.Short(market)}'");
            market = null;
        }
        return new(
            market,
            errors.Date("date", date),
            errors.OneOf("status", status, "started", "completed", "partial", "failed"),
            errors.OneOf(jobTypeField, jobType, "scoring", "recommendations", "cache-warm"),
            errors.OneOf("state", state, [.. DeadlineStates.Names])
        );
    }

    /// <summary>One run more than a page holds. Every filter has an index in the order of the list.</summary>
    public static IQueryable<Run> Query(OvernightContext database, RunFilter filter, PageQuery<RunCursor> page)
    {
        var (market, date, status, jobType, state) = filter;
        var runs = database.Runs.AsNoTracking();
        if (market is not null)
            runs = runs.Where(r => r.Market == market);
        if (date is not null)
            runs = runs.Where(r => r.BusinessDate == date);
        if (status is not null)
            runs = runs.Where(r => r.Status == status);
        if (jobType is not null)
            runs = runs.Where(r => r.JobType == jobType);
        if (state is not null)
        {
            runs = runs.Where(r =>
                r.JobType == "scoring"
                    && database.Nights.Any(n => n.State == state && n.Market == r.Market && n.BusinessDate == r.BusinessDate)
                || database.WarmDeadlines.Any(w => w.State == state && w.RunId == r.Id)
            );
        }
        if (page.After is { } after)
            runs = runs.Where(r => r.Number < after.Number);
        return runs.OrderByDescending(r => r.Number).Take(page.Limit + 1);
    }
}
