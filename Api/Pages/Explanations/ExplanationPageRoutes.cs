using Overnight.Api.Audit;
using Overnight.Api.Explanations;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Paging;
using Overnight.Api.Protection;
using Overnight.Api.Sessions;
using Overnight.Core.Explanations;
using Overnight.Core.Portfolios;

namespace Overnight.Api.Pages.Explanations;

/// <summary>Pages that explain the signed-in user's own results: why, what changed, what if.</summary>
internal static class ExplanationPageRoutes
{
    /// <summary>Nights that are offered to compare: of a market some three months.</summary>
    private const int MostNights = 60;

    private static readonly NoteOfPage NothingYet = new(
        "Why",
        "There is no result to explain yet",
        "Once a night has computed your portfolio, this page says why each holding has its amount, and what would have changed it.",
        PagePaths.Dashboard,
        "To the dashboard"
    );

    private static readonly NoteOfPage NoSuchNight = new(
        "Why",
        "You have no result of that night",
        "It is not stored, or not any more, or the night did not compute your portfolio. Your history lists the nights that have one.",
        PagePaths.History,
        "To the history"
    );

    public static void AddExplanationPages(this WebApplicationBuilder builder) => builder.Services.AddSingleton<HoldingCourse>();

    public static void MapExplanationPages(this WebApplication app, RouteGroupBuilder forms)
    {
        var group = app.MapGroup("").RequireAuthorization(SessionSetup.SignedIn).ExcludeFromDescription();
        group.MapGet(
            ExplanationPaths.Why,
            static (HttpContext context, ExplanationAccess results, PageFrames frames, DisplayCultures cultures, CancellationToken ct) =>
                WhyAsync(ExplanationPaths.Current, context, results, frames, cultures, ct)
        );
        group.MapGet(ExplanationPaths.Why + "/{run}", WhyAsync);
        group.MapGet(ExplanationPaths.Why + "/{run}/{asset}", WhyOneAsync);
        group.MapGet(ExplanationPaths.Changes, ChangesAsync);
        group.MapGet(ExplanationPaths.WhatIf, FormAsync).WithMetadata(new ReadsOwnQuery());
        forms.MapPost(ExplanationPaths.WhatIf, AskAsync).RequireAuthorization(SessionSetup.SignedIn);
    }

    private static async Task<IResult> WhyAsync(
        string run,
        HttpContext context,
        ExplanationAccess results,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        var (result, problem) = await OpenAsync(context, results, frames, run, ct);
        if (result is null)
            return problem!;
        try
        {
            var view = WhyViewModelBuilder.Of(WhyDocument.Of(result), result.Inputs.HasStaleValues, new(cultures.Of(context.Request)));
            return new PageResult<WhyPage>(frames.Of(context), view);
        }
        catch (CalculationException exception)
        {
            return ExplanationProblems.NotCalculable(exception);
        }
    }

    private static async Task<IResult> WhyOneAsync(
        string run,
        string asset,
        HttpContext context,
        ExplanationAccess results,
        ExplanationSearches searches,
        HoldingCourse course,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var assetId = errors.Id("asset", asset);
        if (errors.Any)
            return errors.ToProblem();
        var (result, problem) = await OpenAsync(context, results, frames, run, ct);
        if (result is null)
            return problem!;
        try
        {
            if (HoldingWhyDocument.Of(result, assetId!.Value) is not (var document, var holding))
                return new PageResult<NotePage>(
                    frames.Of(context),
                    new NoteOfPage(
                        "Why",
                        "That night has no such holding",
                        "You did not hold it that night, or it was set to be ignored.",
                        ExplanationPaths.WhyOf(result.RunId),
                        "What you held that night"
                    ),
                    StatusCodes.Status404NotFound
                );
            var found = document.Holding.Rank is null
                ? default
                : await searches.FindAsync(result, holding, result.UserId, searches.PageWait, ct);
            ExplanationWords words = new(cultures.Of(context.Request));
            var past = await course.ReadAsync(
                result.UserId,
                assetId.Value,
                document.Holding.Symbol,
                result.BusinessDate,
                words.Formats,
                ct
            );
            var view = HoldingWhyViewModelBuilder.Of(document with { First = found.First }, found.IsBusy, past, words);
            return new PageResult<HoldingWhyPage>(frames.Of(context), view);
        }
        catch (CalculationException exception)
        {
            return ExplanationProblems.NotCalculable(exception);
        }
    }

    private static async Task<IResult> ChangesAsync(
        string? before,
        string? after,
        HttpContext context,
        ExplanationAccess results,
        CalculationQueries calculations,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        var (newer, problem) = await OpenAsync(context, results, frames, after ?? ExplanationPaths.Current, ct);
        if (newer is null)
            return problem!;
        // When the request names no earlier run, the run before the later one is compared.
        var run = before ?? $"{await results.Captured.FindRunBeforeAsync(newer, ct):D}";
        if (run.Length == 0)
        {
            return new PageResult<NotePage>(
                frames.Of(context),
                new NoteOfPage(
                    "What changed",
                    "There is no night before to compare with",
                    "This is the first result you have. From the next night on, this page says what changed and why.",
                    ExplanationPaths.WhyOf(newer.RunId),
                    "Why these amounts"
                )
            );
        }
        (var older, problem) = await OpenAsync(context, results, frames, run, ct, "before");
        if (older is null)
            return problem!;
        // Given the other way round, the page would speak of the earlier night as the later one.
        if (older.IsLaterThan(newer))
            (older, newer) = (newer, older);
        try
        {
            var nights = await calculations.OfUserAsync(newer.UserId, DateOnly.MinValue, DateOnly.MaxValue, new(MostNights, null), ct);
            var view = ChangesViewModelBuilder.Of(
                ChangesDocument.Of(older, newer),
                new(cultures.Of(context.Request)),
                (run, asset) => (run.RunId == older.RunId ? older : newer).Inputs.Holds(asset),
                nights
                    .Where(night => night.Stage is null)
                    .Select(night => new ExplainedRun(night.RunId, night.Market, night.BusinessDate, night.Revision))
            );
            return new PageResult<ChangesPage>(frames.Of(context), view);
        }
        catch (CalculationException exception)
        {
            return ExplanationProblems.NotCalculable(exception);
        }
    }

    private static async Task<IResult> FormAsync(
        HttpContext context,
        ExplanationAccess results,
        PageFrames frames,
        DisplayCultures cultures,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var query = context.Request.Query.ToDictionary(field => field.Key, field => $"{field.Value}", StringComparer.Ordinal);
        var (result, problem) = await OpenAsync(context, results, frames, query.GetValueOrDefault("run", ExplanationPaths.Current), ct);
        if (result is null)
            return problem!;
        var formats = cultures.Of(context.Request);
        WhatIfForms form = new(result, formats);
        var fields = form.OfLink(query);
        // A link with a change is answered at once.
        return Answered(result, form, fields, fields.Count > 0, formats, frames.Of(context), time);
    }

    private static async Task<IResult> AskAsync(
        HttpContext context,
        ExplanationAccess results,
        PageFrames frames,
        DisplayCultures cultures,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var sent = (await context.Request.ReadFormAsync(ct)).ToDictionary(
            field => field.Key,
            field => $"{field.Value}",
            StringComparer.Ordinal
        );
        var (result, problem) = await OpenAsync(context, results, frames, sent.GetValueOrDefault("run", ExplanationPaths.Current), ct);
        if (result is null)
            return problem!;
        var formats = cultures.Of(context.Request);
        return Answered(result, new(result, formats), sent, isAsked: true, formats, frames.Of(context), time);
    }

    private static IResult Answered(
        CapturedCalculation result,
        WhatIfForms form,
        Dictionary<string, string> fields,
        bool isAsked,
        DisplayFormats formats,
        PageFrame frame,
        TimeProvider time
    )
    {
        WhatIfAnswerViewModel? answer = null;
        try
        {
            var change = isAsked ? form.Read(fields) : new();
            if (isAsked && form.Errors.Count == 0)
            {
                var now = time.GetUtcNow();
                answer = WhatIfViewModelBuilder.Compare(
                    ResultDocumentReader.Read(WhatIfResultWriter.Write(result, result.Inputs, now)),
                    ResultDocumentReader.Read(WhatIfResultWriter.Write(result, change.ApplyTo(result.Inputs), now)),
                    WhatIfQuestion.Of(result.Inputs, change, new(formats)),
                    formats
                );
            }
        }
        catch (CalculationException exception) when (exception.Reason == "out_of_range")
        {
            form.Add(
                new Dictionary<string, string[]>(StringComparer.Ordinal) { ["cash.amount"] = [$"is not possible: {exception.Message}"] }
            );
        }
        catch (CalculationException exception)
        {
            return ExplanationProblems.NotCalculable(exception);
        }
        WhatIfViewModel view = new(
            WhyViewModelBuilder.Night(new(result.RunId, result.Market, result.BusinessDate, result.Revision), formats),
            $"{result.RunId:D}",
            result.Inputs.Portfolio.BaseCurrency,
            form.Show(fields),
            form.Errors,
            answer
        );
        return new PageResult<WhatIfPage>(frame, view, form.Errors.Count > 0 ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK);
    }

    /// <param name="run">Id of a run, or <see cref="ExplanationPaths.Current"/>.</param>
    /// <param name="field">Of the run, for an error.</param>
    private static async Task<(CapturedCalculation? Result, IResult? Problem)> OpenAsync(
        HttpContext context,
        ExplanationAccess results,
        PageFrames frames,
        string run,
        CancellationToken ct,
        string field = "run"
    )
    {
        QueryErrors errors = new();
        var id = run == ExplanationPaths.Current ? null : errors.Id(field, run);
        if (errors.Any)
            return (null, errors.ToProblem());
        var (result, problem) = await results.OpenAsync(context, SessionPrincipal.Of(context).UserId, id, ct);
        // Links of every page lead here, also for those who have no result yet.
        if (problem?.StatusCode != StatusCodes.Status404NotFound)
            return (result, problem);
        return (
            null,
            id is null
                ? new PageResult<NotePage>(frames.Of(context), NothingYet)
                : new PageResult<NotePage>(frames.Of(context), NoSuchNight, StatusCodes.Status404NotFound)
        );
    }
}
