using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Sessions;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Results;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>
/// The signed-in user's dashboard as a page, as text and as CSV: from the cached bytes, without a query where they are there.
/// </summary>
internal static class DashboardPageRoutes
{
    public static void MapDashboardPages(this WebApplication app)
    {
        // No rate limit, as on the API's route: the connection pool limits queries, and concurrent misses of one user share a query.
        var group = app.MapGroup("").RequireAuthorization(SessionSetup.SignedIn).DisableRateLimiting().ExcludeFromDescription();
        group.MapGet(PagePaths.Dashboard, PageAsync);
        group.MapGet(PagePaths.Text, TextAsync);
        group.MapGet(PagePaths.Csv, CsvAsync);
    }

    private static async Task<IResult> PageAsync(
        HttpContext context,
        UserResults results,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        var found = await results.FindAsync(context, ct);
        var frame = frames.Of(context);
        var formats = cultures.Of(context.Request);
        if (found.Missing is { } missing)
        {
            var next = found.Next is { } night ? MomentViewModel.Of(night.DueUtc, formats) : null;
            return new PageResult<MissingResultPage>(
                frame,
                new MissingViewModel(missing.Reason, formats.Sentence(Detail(missing)), next, found.Next?.Market)
            );
        }
        var trust = FreshnessViewModelBuilder.Of(found.Result!.Times, found.Verdict, found.Origin, found.Next, formats);
        return new PageResult<DashboardPage>(
            frame,
            new DashboardViewModelBuilder(found.Result, formats)
            {
                WhyPath = Explanations.ExplanationPaths.Why + "/" + Explanations.ExplanationPaths.Current,
            }.Make(trust)
        );
    }

    private static async Task<Results<ContentHttpResult, ProblemHttpResult>> TextAsync(
        HttpContext context,
        UserResults results,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        var found = await results.FindAsync(context, ct);
        if (found.Missing is { } missing)
            return NotFound(missing);
        var formats = cultures.Of(context.Request);
        return ResultFiles.Text(
            found.Result!,
            FreshnessViewModelBuilder.Of(found.Result!.Times, found.Verdict, default, null, formats),
            formats
        );
    }

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> CsvAsync(
        HttpContext context,
        UserResults results,
        CancellationToken ct
    )
    {
        var found = await results.FindAsync(context, ct);
        if (found.Missing is { } missing)
            return NotFound(missing);
        return ResultFiles.Csv(found.Result!);
    }

    /// <summary>The page names the reason of a failure in words.</summary>
    private static string Detail(MissingResultReason missing) =>
        missing.Failure is { } code ? missing.Detail.Replace(code, CodeWords.Of(code), StringComparison.Ordinal) : missing.Detail;

    private static ProblemHttpResult NotFound(MissingResultReason missing) =>
        TypedResults.Problem(missing.Detail, statusCode: StatusCodes.Status404NotFound, title: "No recommendations to show");
}

/// <summary>A user's result with what is said of it, or why there is none.</summary>
internal sealed record FoundResult(
    ResultDocument? Result,
    FreshnessVerdict Verdict,
    AnswerOrigin Origin,
    NextRun? Next,
    MissingResultReason? Missing = null
);

/// <summary>Finds the result of a request's user.</summary>
internal sealed class UserResults(ResultReader reader, MarketCatalog markets, NextRuns runs, DatabaseState database, TimeProvider time)
{
    public async Task<FoundResult> FindAsync(HttpContext context, CancellationToken ct)
    {
        // The user id comes from the session only, so that a request can't name another user.
        var session = SessionPrincipal.Of(context);
        var start = time.GetTimestamp();
        var answer = await reader.Entries.GetAsync(session.UserId, ct);
        CacheTelemetry.Answered(answer.Source != EntrySource.Database);
        var (now, own) = (time.GetUtcNow(), markets.OfUser(session.Markets));
        var next = runs.Of(own, now);
        if (answer.Value is { } entry && ResultDocumentReader.TryRead(entry) is { } result)
        {
            AnswerOrigin origin = new(answer.Source, time.GetElapsedTime(start), database.IsKnownAway);
            return new(result, Freshness.Judge(result.Times, now, own), origin, next);
        }
        // A context is made only here, for a cached result needs none.
        var rows = context.RequestServices.GetRequiredService<OvernightContext>();
        return new(null, default, default, next, await MissingResultReason.ExplainAsync(rows, session.UserId, ct));
    }
}
