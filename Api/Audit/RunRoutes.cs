using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Overnight.Api.Sessions;
using Overnight.Core.Data;

namespace Overnight.Api.Audit;

/// <summary>The record of what ran (SPEC D1), for administrators.</summary>
internal static class RunRoutes
{
    public const string Path = "/api/runs";

    /// <summary>Failures shown with a run; a night in which thousands failed has one cause, seen in the first few.</summary>
    private const int ShownFailures = 100;

    public static void MapRuns(this WebApplication app)
    {
        var group = app.MapGroup(Path).WithTags("Runs").RequireAuthorization(SessionSetup.Admin)
            .ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapGet("", ListAsync).WithName("ListRuns").WithSummary("Runs, newest first. limit is 1 to 200, 50 when left out; cursor is the nextCursor of the page before.");
        group.MapGet("{id:guid}", GetAsync).WithName("GetRun").WithSummary("A run with its metrics, its checkpoints and the users it could not compute.");
    }

    private static async Task<Results<Ok<Listed<RunItem>>, ValidationProblem>> ListAsync(string? limit, string? cursor, OvernightContext database, CancellationToken ct)
    {
        if (!RunPage.TryParse(limit, cursor, out var page, out var errors))
        {
            return TypedResults.ValidationProblem(errors, title: "The page asked for is not valid");
        }

        var query = database.Runs.AsNoTracking();
        if (page.After is { } after)
        {
            // A comparison of rows, which the index on both columns answers.
            query = query.Where(r => EF.Functions.LessThan(ValueTuple.Create(r.StartedAt, r.Id), ValueTuple.Create(after.StartedAt, after.Id)));
        }
        // One more than asked for tells whether there is another page.
        var runs = await query.OrderByDescending(r => r.StartedAt).ThenByDescending(r => r.Id).Take(page.Limit + 1).ToListAsync(ct);
        var more = runs.Count > page.Limit;
        if (more) runs.RemoveAt(page.Limit);
        return TypedResults.Ok(new Listed<RunItem>(runs.ConvertAll(RunItem.From), more ? new RunCursor(runs[^1].StartedAt, runs[^1].Id).ToString() : null));
    }

    private static async Task<Results<Ok<RunDetail>, ProblemHttpResult>> GetAsync(Guid id, OvernightContext database, CancellationToken ct)
    {
        var run = await database.Runs.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id, ct);
        if (run is null)
        {
            return TypedResults.Problem($"There is no run {id:D}; {Path} lists those there are.", statusCode: StatusCodes.Status404NotFound, title: "Run not found");
        }

        var batches = await database.Batches.AsNoTracking().Where(b => b.RunId == id && b.Status != "split").GroupBy(b => b.RunId)
            .Select(g => new
            {
                Counts = new BatchCounts(g.Count(), g.Count(b => b.Status == "done"), g.Count(b => b.CachedAt != null)),
                Processed = g.Sum(b => b.UsersProcessed),
                Failed = g.Sum(b => b.UsersFailed),
            })
            .SingleOrDefaultAsync(ct);
        var failures = database.RunFailures.AsNoTracking().Where(f => f.RunId == id);
        var shown = await failures.OrderBy(f => f.UserId).Take(ShownFailures)
            .Select(f => new RunFailureItem(f.UserId, f.Stage, f.Reason, f.Detail, f.OccurredAt)).ToListAsync(ct);
        var failed = shown.Count < ShownFailures ? shown.Count : await failures.CountAsync(ct);

        // The run's own counts are written when it is finalised; until then its finished batches have them.
        var (processed, failedUsers) = run.CompletedAt is null && batches is not null ? (batches.Processed, batches.Failed) : (run.UsersProcessed, run.UsersFailed);
        return TypedResults.Ok(new RunDetail(
            run.Id, run.JobType, run.Status, run.Market, run.BusinessDate, run.Revision, run.Trigger,
            run.StartedAt, run.PlannedAt, run.CompletedAt, RunItem.Duration(run), run.SnapshotId,
            run.UsersTotal, processed, failedUsers, run.CorrelationId, Json(run.ErrorDetails), Json(run.Metrics),
            batches?.Counts ?? new(0, 0, 0), new(shown, failed), RunLinks.Of(run.Id)));
    }

    // PostgreSQL's json type lets only JSON in.
    private static JsonElement? Json(string? text) => text is null ? null : JsonElement.Parse(text);
}
