using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Overnight.Api.Audit;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Market.Calendars;

namespace Overnight.Api.Pages.History;

/// <summary>
/// The signed-in user's own results of the past, as pages, as text and as CSV; for administrators too these are their own.
/// </summary>
internal static class HistoryPageRoutes
{
    public static void MapHistoryPages(this WebApplication app)
    {
        var group = app.MapGroup(PagePaths.History).RequireAuthorization(SessionSetup.SignedIn).ExcludeFromDescription();
        group.MapGet("", ListAsync);
        group.MapGet("{run}", ShowAsync);
        group.MapGet("{run}.txt", TextAsync);
        group.MapGet("{run}.csv", CsvAsync);
    }

    private static async Task<IResult> ListAsync(
        string? market,
        string? from,
        string? until,
        string? cursor,
        HttpContext context,
        PastResults past,
        MarketCatalog markets,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        var user = SessionPrincipal.Of(context).UserId;
        var formats = cultures.Of(context.Request);
        QueryErrors errors = new();
        var filter = CalculationFilter.Read($"{user:D}", null, null, Given(market), Given(from), Given(until), markets, errors);
        var page = PageQuery<UserRunCursor>.Read(null, cursor, errors, CalculationRoutes.OwnPage);
        var wrong = errors.Any ? errors.ToProblem().ProblemDetails.Errors : new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (wrong.ContainsKey("cursor"))
            return errors.ToProblem();
        HistoryFilterViewModel form = new(
            [.. markets.All.Select(one => one.Code)],
            DisplayText.Short(market ?? ""),
            DisplayText.Short(from ?? ""),
            DisplayText.Short(until ?? ""),
            wrong.ToDictionary(field => field.Key, field => field.Value.Select(formats.Sentence).ToArray(), StringComparer.Ordinal)
        );
        if (wrong.Count > 0)
            return new PageResult<HistoryPage>(
                frames.Of(context),
                new HistoryViewModel(form, [], null, null),
                StatusCodes.Status400BadRequest
            );

        var listed = Listed<HistoryRow>.Of(
            await past.ListAsync(user, filter, page, ct),
            page,
            row => new UserRunCursor(row.Item.BusinessDate, row.Item.RunNumber),
            row => HistoryViewModelBuilder.Of(row.Item, row.Result, formats)
        );
        return new PageResult<HistoryPage>(
            frames.Of(context),
            new HistoryViewModel(
                form,
                listed.Items,
                listed.NextCursor is { } next ? Address(form, next) : null,
                cursor is null ? null : Address(form, null)
            )
        );
    }

    private static async Task<IResult> ShowAsync(
        string run,
        HttpContext context,
        PastResults past,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        if (errors.Id("run", run) is not { } id)
            return errors.ToProblem();
        return await past.FindAsync(SessionPrincipal.Of(context).UserId, id, ct) is { } found
            ? new PageResult<PastResultPage>(frames.Of(context), PastViewModelBuilder.Of(found, cultures.Of(context.Request)))
            : CalculationProblems.NotOwn;
    }

    private static async Task<Results<ContentHttpResult, ValidationProblem, ProblemHttpResult>> TextAsync(
        string run,
        HttpContext context,
        PastResults past,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        if (errors.Id("run", run) is not { } id)
            return errors.ToProblem();
        var formats = cultures.Of(context.Request);
        return await past.FindResultAsync(SessionPrincipal.Of(context).UserId, id, ct) is { } result
            ? ResultFiles.Text(result, PastViewModelBuilder.Trust(result, formats), formats)
            : CalculationProblems.NotOwn;
    }

    private static async Task<Results<FileContentHttpResult, ValidationProblem, ProblemHttpResult>> CsvAsync(
        string run,
        HttpContext context,
        PastResults past,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        if (errors.Id("run", run) is not { } id)
            return errors.ToProblem();
        return await past.FindResultAsync(SessionPrincipal.Of(context).UserId, id, ct) is { } result
            ? ResultFiles.Csv(result)
            : CalculationProblems.NotOwn;
    }

    /// <summary>A form sends its empty fields too, which are not filters.</summary>
    private static string? Given(string? field) => string.IsNullOrWhiteSpace(field) ? null : field;

    private static string Address(HistoryFilterViewModel form, string? cursor)
    {
        Dictionary<string, string?> query = new(StringComparer.Ordinal)
        {
            ["market"] = Given(form.Market),
            ["from"] = Given(form.From),
            ["until"] = Given(form.Until),
            ["cursor"] = cursor,
        };
        return QueryHelpers.AddQueryString(PagePaths.History, query.Where(one => one.Value is not null));
    }
}
