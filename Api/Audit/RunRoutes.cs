using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Data;
using Overnight.Core.Json;

namespace Overnight.Api.Audit;

/// <summary>Routes on which administrators list runs and their failures.</summary>
internal static class RunRoutes
{
    public const string Path = "/api/runs";

    /// <summary>Failures shown with a run. Thousands of failures mostly have one cause, which the first ones show.</summary>
    private const int ShownFailures = 100;

    public static void MapRuns(this WebApplication app)
    {
        var group = app.MapGroup(Path).WithTags("Runs").RequireAuthorization(SessionSetup.Admin);
        group
            .MapGet("", ListAsync)
            .WithName("ListRuns")
            .WithSummary(
                "Runs, newest first, of a job type (scoring: the nights, or cache-warm), a market, a business date, a status, or a state of the "
                    + "scheduled night or warm against its deadline (on-time, at-risk, late, missed) where given. limit is 1 to 200, 50 when "
                    + "left out; cursor is the nextCursor of the page before."
            );
        group
            .MapGet("{id}", GetAsync)
            .WithName("GetRun")
            .WithSummary("A run with its metrics, its checkpoints and the first users it could not compute.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapGet("{id}/failures", FailuresAsync)
            .WithName("ListRunFailures")
            .WithSummary("The users a run could not compute, by id, with stage and reason.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapGet("{id}/timeline", TimelineAsync)
            .WithName("GetRunTimeline")
            .WithSummary("The steps and batches of a night along its time, in milliseconds from its start.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapGet("{id}/live", LiveAsync)
            .WithName("FollowRun")
            .WithSummary(
                "Server-sent events with the counts of a night: progress whenever they change, and finished at its end. It ends after 10 minutes; ask again then."
            )
            .ProducesProblem(StatusCodes.Status404NotFound)
            .DisableRateLimiting()
            .DisableRequestTimeout();
    }

    private static async Task<Results<Ok<Listed<RunItem>>, ValidationProblem>> ListAsync(
        string? jobType,
        string? market,
        string? date,
        string? status,
        string? state,
        string? limit,
        string? cursor,
        OvernightContext database,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var filter = RunFilter.Read(jobType, market, date, status, errors, state);
        var page = PageQuery<RunCursor>.Read(limit, cursor, errors);
        if (errors.Any)
            return errors.ToProblem();

        return TypedResults.Ok(await ReadAsync(database, filter, page, ct));
    }

    /// <summary>A page of runs, with their deadlines.</summary>
    internal static async Task<Listed<RunItem>> ReadAsync(
        OvernightContext database,
        RunFilter filter,
        PageQuery<RunCursor> page,
        CancellationToken ct
    )
    {
        var runs = await RunFilter.Query(database, filter, page).ToListAsync(ct);
        var deadlines = await RunDeadlines.ReadAsync(database, runs, filter.State, ct);
        return Listed<RunItem>.Of(runs, page, r => new RunCursor(r.Number), r => RunItem.From(r, deadlines.GetValueOrDefault(r.Id)));
    }

    private static async Task<Results<Ok<Listed<RunFailureItem>>, ValidationProblem, ProblemHttpResult>> FailuresAsync(
        string id,
        string? limit,
        string? cursor,
        OvernightContext database,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var asked = errors.Id("id", id);
        var page = PageQuery<UserCursor>.Read(limit, cursor, errors);
        if (errors.Any)
            return errors.ToProblem();
        var run = asked!.Value;
        if (!await database.Runs.AnyAsync(r => r.Id == run, ct))
            return NotFound(run);

        var failures = await Failures(database, run, page).ToListAsync(ct);
        return TypedResults.Ok(Listed<RunFailureItem>.Of(failures, page, f => new UserCursor(f.UserId), f => Item(run, f)));
    }

    private static async Task<Results<Ok<RunDetail>, ValidationProblem, ProblemHttpResult>> GetAsync(
        string id,
        OvernightContext database,
        CancellationToken ct
    )
    {
        if (!InvalidId.TryRead(id, out var run, out var problem))
            return problem;
        return await FindAsync(run, database, ct) is { } found ? TypedResults.Ok(found) : NotFound(run);
    }

    private static async Task<Results<Ok<RunTimeline>, ValidationProblem, ProblemHttpResult>> TimelineAsync(
        string id,
        RunTimelines timelines,
        CancellationToken ct
    )
    {
        if (!InvalidId.TryRead(id, out var run, out var problem))
            return problem;
        return await timelines.ReadAsync(run, ct) is { } found ? TypedResults.Ok(found) : NotFound(run);
    }

    private static async Task<Results<ServerSentEventsResult<RunProgressItem>, ValidationProblem, ProblemHttpResult>> LiveAsync(
        string id,
        RunLive live,
        CancellationToken ct
    )
    {
        if (!InvalidId.TryRead(id, out var run, out var problem))
            return problem;
        return await live.ReadAsync(run, ct) is { } first ? TypedResults.ServerSentEvents(live.FollowAsync(first, ct)) : NotFound(run);
    }

    /// <returns>Null when there is no such run.</returns>
    internal static async Task<RunDetail?> FindAsync(Guid id, OvernightContext database, CancellationToken ct)
    {
        var run = await database.Runs.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id, ct);
        if (run is null)
            return null;

        var batches = await database
            .Batches.AsNoTracking()
            .Where(b => b.RunId == id && b.Status != "split")
            .GroupBy(b => b.RunId)
            .Select(g => new
            {
                Counts = new BatchCounts(g.Count(), g.Count(b => b.Status == "done"), g.Count(b => b.CachedAt != null)),
                Processed = g.Sum(b => b.UsersProcessed),
                Failed = g.Sum(b => b.UsersFailed),
            })
            .SingleOrDefaultAsync(ct);
        var failures = database.RunFailures.AsNoTracking().Where(f => f.RunId == id);
        var shown = await failures
            .OrderBy(f => f.UserId)
            .Take(ShownFailures)
            .Select(f => new RunFailureItem(f.UserId, f.Stage, f.Reason, f.Detail, f.OccurredAt, CalculationLinks.Of(id, f.UserId)))
            .ToListAsync(ct);
        var failed = shown.Count < ShownFailures ? shown.Count : await failures.CountAsync(ct);

        // The run's own counts are written when it is finalised; until then its finished batches have them.
        var (processed, failedUsers) =
            run.CompletedAt is null && batches is not null ? (batches.Processed, batches.Failed) : (run.UsersProcessed, run.UsersFailed);
        var deadline = (await RunDeadlines.ReadAsync(database, [run], null, ct)).GetValueOrDefault(run.Id);
        return new RunDetail(
            run.Id,
            run.JobType,
            run.Status,
            run.Market,
            run.BusinessDate,
            run.Revision,
            run.Trigger,
            run.StartedAt,
            run.PlannedAt,
            run.CompletedAt,
            RunItem.Duration(run),
            run.SnapshotId,
            run.UsersTotal,
            processed,
            failedUsers,
            run.CorrelationId,
            Json(run.ErrorDetails),
            Json(run.Metrics),
            batches?.Counts ?? new(0, 0, 0),
            new(shown, failed),
            RunLinks.Of(run.Id),
            deadline.Night,
            deadline.Warm
        );
    }

    /// <summary>One failure more than a page holds, by the key (run, user).</summary>
    internal static IQueryable<RunFailure> Failures(OvernightContext database, Guid run, PageQuery<UserCursor> page)
    {
        var failures = database.RunFailures.AsNoTracking().Where(f => f.RunId == run);
        if (page.After is { } after)
            failures = failures.Where(f => f.UserId > after.User);
        return failures.OrderBy(f => f.UserId).Take(page.Limit + 1);
    }

    internal static RunFailureItem Item(Guid run, RunFailure failure) =>
        new(failure.UserId, failure.Stage, failure.Reason, failure.Detail, failure.OccurredAt, CalculationLinks.Of(run, failure.UserId));

    internal static ProblemHttpResult NotFound(Guid id) =>
        TypedResults.Problem(
            $"There is no run {id:D}; {Path} lists those there are.",
            statusCode: StatusCodes.Status404NotFound,
            title: "Run not found"
        );

    // The columns are of PostgreSQL's type json, so that the text is always JSON.
    private static JsonElement? Json(string? text) => text is null ? null : JsonElement.Parse(JsonSurrogates.Repair(text));
}
