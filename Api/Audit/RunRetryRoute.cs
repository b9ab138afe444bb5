using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Api.Audit;

/// <summary>
/// Lets administrators retry what failed in a run. The retry is a run of its own, the next revision of the same night; Jobs does the work.
/// </summary>
internal static class RunRetryRoute
{
    public static void AddRunRetry(this WebApplicationBuilder builder) => builder.Services.AddSingleton<RunRetry>();

    public static void MapRunRetry(this WebApplication app)
    {
        var group = app.MapGroup(RunRoutes.Path)
            .WithTags("Runs")
            .RequireAuthorization(SessionSetup.Admin)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapPost("{id}/retry", RetryAsync)
            .WithName("RetryRun")
            .WithSummary(
                "Computes again only what failed in a finished run: 202 with the run that was started, 200 with the run asked about when nothing of it failed, 409 while a run of its night is under way."
            );
        group
            .MapPost("latest/retry", RetryLatestAsync)
            .WithName("RetryLatestRun")
            .WithSummary("The same for the run that was started last.");
    }

    internal static async Task<Results<Accepted<RunItem>, Ok<RunItem>, ValidationProblem, ProblemHttpResult>> RetryAsync(
        string id,
        HttpContext context,
        RunStore runs,
        RunRetry retry,
        OvernightContext database,
        CancellationToken ct
    ) => InvalidId.TryRead(id, out var run, out var problem) ? await StartAsync(run, context, runs, retry, database, ct) : problem;

    private static async Task<Results<Accepted<RunItem>, Ok<RunItem>, ValidationProblem, ProblemHttpResult>> StartAsync(
        Guid id,
        HttpContext context,
        RunStore runs,
        RunRetry retry,
        OvernightContext database,
        CancellationToken ct
    )
    {
        if (await runs.FindAsync(id, ct) is null)
            return RunRoutes.NotFound(id);
        try
        {
            var started = await retry.StartAsync(id, SessionPrincipal.ActorOf(context), ct);
            var shown = started?.Id ?? id;
            var item = RunItem.From(await DatabaseRetry.ReadAsync(() => database.Runs.AsNoTracking().SingleAsync(r => r.Id == shown, ct)));
            return started is null ? TypedResults.Ok(item) : TypedResults.Accepted(item.Links.Self, item);
        }
        catch (RequestException exception)
        {
            // The run exists, so the request can only be refused because a run of the same night has not finished.
            return TypedResults.Problem(exception.Message, statusCode: StatusCodes.Status409Conflict, title: "A run is under way");
        }
    }

    private static async Task<Results<Accepted<RunItem>, Ok<RunItem>, ValidationProblem, ProblemHttpResult>> RetryLatestAsync(
        HttpContext context,
        RunStore runs,
        RunRetry retry,
        OvernightContext database,
        CancellationToken ct
    ) =>
        await runs.FindLatestAsync(ct) is { } latest
            ? await StartAsync(latest.Id, context, runs, retry, database, ct)
            : TypedResults.Problem("There has been no run yet.", statusCode: StatusCodes.Status404NotFound, title: "Run not found");
}
