using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Overnight.Api.Audit;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;

namespace Overnight.Api.Pages.Operations;

/// <summary>Pages of runs: the list, one of them, and the forms that start and retry one.</summary>
internal static class RunPageRoutes
{
    public static void MapRunPages(this RouteGroupBuilder pages, RouteGroupBuilder forms)
    {
        pages.MapGet(OperationsPaths.Runs, ListAsync);
        pages.MapGet(OperationsPaths.NewRun, New);
        pages.MapGet($"{OperationsPaths.Runs}/{{id}}", GetAsync);
        forms.MapPost(OperationsPaths.Runs, StartAsync);
        forms.MapPost($"{OperationsPaths.Runs}/{{id}}/retry", RetryAsync);
    }

    private static async Task<IResult> ListAsync(
        HttpContext context,
        string? kind,
        string? market,
        string? date,
        string? status,
        string? state,
        string? cursor,
        OvernightContext database,
        PageFrames frames,
        DisplayCultures cultures,
        MarketCatalog markets,
        TimeProvider time,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var filter = RunFilter.Read(
            OperationsPaths.Given(kind),
            OperationsPaths.Given(market),
            OperationsPaths.Given(date),
            OperationsPaths.Given(status),
            errors,
            OperationsPaths.Given(state),
            jobTypeField: "kind"
        );
        var page = PageQuery<RunCursor>.Read(null, OperationsPaths.Given(cursor), errors);
        if (errors.IsOf("cursor"))
            return errors.ToProblem();
        var shown = errors.Any ? new([], null) : await RunRoutes.ReadAsync(database, filter, page, ct);
        RunViewModelBuilder views = new(new(cultures.Of(context.Request)), time);
        RunsViewModel view = new(
            [.. shown.Items.Select(views.Row)],
            Names(markets),
            DisplayText.Short(kind ?? ""),
            DisplayText.Short(market ?? ""),
            DisplayText.Short(date ?? ""),
            DisplayText.Short(status ?? ""),
            DisplayText.Short(state ?? ""),
            errors.ByField,
            shown.NextCursor is null ? null : Address(shown.NextCursor),
            page.After is null ? null : Address(null)
        );
        return new PageResult<RunsPage>(frames.Of(context), view, errors.Any ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK);

        string Address(string? at) =>
            OperationsPaths.With(
                OperationsPaths.Runs,
                ("kind", kind),
                ("market", market),
                ("date", date),
                ("status", status),
                ("state", state),
                ("cursor", at)
            );
    }

    private static PageResult<NewRunPage> New(HttpContext context, PageFrames frames, MarketCatalog markets) =>
        new(frames.Of(context), new NewRunViewModel(Names(markets), MarketCatalog.Default, "", false, null));

    private static async Task<IResult> GetAsync(
        string id,
        string? done,
        string? cursor,
        HttpContext context,
        OvernightContext database,
        RunTimelines timelines,
        PageFrames frames,
        DisplayCultures cultures,
        TimeProvider time,
        CancellationToken ct
    )
    {
        if (!InvalidId.TryRead(id, out var run, out var problem))
            return problem;
        QueryErrors errors = new();
        var page = PageQuery<UserCursor>.Read(null, cursor, errors);
        if (errors.Any)
            return errors.ToProblem();
        if (await RunRoutes.FindAsync(run, database, ct) is not { } found)
            return RunRoutes.NotFound(run);
        var failures = Listed<RunFailureItem>.Of(
            await RunRoutes.Failures(database, run, page).ToListAsync(ct),
            page,
            failure => new UserCursor(failure.UserId),
            failure => RunRoutes.Item(run, failure)
        );
        var self = OperationsPaths.Run(run);
        var view = new RunViewModelBuilder(new(cultures.Of(context.Request)), time).View(
            found,
            await timelines.ReadAsync(run, ct),
            failures.Items,
            failures.NextCursor is null ? null : OperationsPaths.With(self, ("cursor", failures.NextCursor)),
            page.After is not null,
            done,
            self
        );
        return new PageResult<RunPage>(frames.Of(context), view);
    }

    private static async Task<IResult> StartAsync(
        HttpContext context,
        RunStore runs,
        OvernightContext database,
        WorkerDirectory workers,
        MarketCatalog markets,
        PageFrames frames,
        CancellationToken ct
    )
    {
        var form = await context.Request.ReadFormAsync(ct);
        using var body = FormJsonBody.Of(
            ("market", FormJsonBody.Text(form["market"])),
            ("date", FormJsonBody.Text(form["date"])),
            ("again", FormJsonBody.Flag(form["again"]))
        );
        var answer = await RunStartRoute.BeginAsync(body, context, runs, database, workers, ct);
        return answer.Result switch
        {
            Accepted<RunItem> { Value: { } started } => FormRoutes.GoTo(Outcomes.Of(OperationsPaths.Run(started.Id), "started")),
            Ok<RunItem> { Value: { } joined } => FormRoutes.GoTo(Outcomes.Of(OperationsPaths.Run(joined.Id), "joined")),
            ValidationProblem refused => new PageResult<NewRunPage>(
                frames.Of(context),
                new NewRunViewModel(
                    Names(markets),
                    $"{form["market"]}",
                    DisplayText.Short($"{form["date"]}"),
                    form["again"].Count > 0,
                    refused.ProblemDetails.Detail
                ),
                StatusCodes.Status400BadRequest
            ),
            _ => answer,
        };
    }

    private static async Task<IResult> RetryAsync(
        string id,
        HttpContext context,
        RunStore runs,
        RunRetry retry,
        OvernightContext database,
        CancellationToken ct
    )
    {
        var answer = await RunRetryRoute.RetryAsync(id, context, runs, retry, database, ct);
        return answer.Result switch
        {
            Accepted<RunItem> { Value: { } started } => FormRoutes.GoTo(Outcomes.Of(OperationsPaths.Run(started.Id), "retried")),
            Ok<RunItem> { Value: { } same } => FormRoutes.GoTo(Outcomes.Of(OperationsPaths.Run(same.Id), "nothing-failed")),
            _ => answer,
        };
    }

    private static List<(string Code, string Name)> Names(MarketCatalog markets) =>
        [.. markets.All.Select(market => (market.Code, market.Name))];
}
