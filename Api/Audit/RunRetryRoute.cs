using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Api.Audit;

/// <summary>
/// Computes again what failed in a run, for administrators: a run of its own, the next revision of the same night. Jobs does the work.
/// </summary>
internal static class RunRetryRoute
{
    public static void AddRunRetry(this WebApplicationBuilder builder) => builder.Services.AddSingleton<RunRetry>();

    public static void MapRunRetry(this WebApplication app)
    {
        var group = app.MapGroup(RunRoutes.Path)
            .WithTags("Runs")
            .ForAdmins()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapPost("{id:guid}/retry", RetryAsync)
            .WithName("RetryRun")
            .WithSummary(
                "Computes again only what failed in a finished run: 202 with the run that was started, 200 with the run asked about when nothing of it failed, 409 while a run of its night is under way."
            );
        group
            .MapPost("latest/retry", RetryLatestAsync)
            .WithName("RetryLatestRun")
            .WithSummary("The same for the run that was started last.");
    }

    private static async Task<Results<Accepted<RunItem>, Ok<RunItem>, ProblemHttpResult>> RetryAsync(
        Guid id,
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
            var started = await retry.StartAsync(id, ct);
            var shown = started?.Id ?? id;
            var item = RunItem.From(await database.Runs.AsNoTracking().SingleAsync(r => r.Id == shown, ct));
            return started is null ? TypedResults.Ok(item) : TypedResults.Accepted(item.Links.Self, item);
        }
        catch (RequestException exception)
        {
            // The run is there, so what stands in the way is a run under way, this one or another of its night.
            return TypedResults.Problem(exception.Message, statusCode: StatusCodes.Status409Conflict, title: "A run is under way");
        }
    }

    private static async Task<Results<Accepted<RunItem>, Ok<RunItem>, ProblemHttpResult>> RetryLatestAsync(
        RunStore runs,
        RunRetry retry,
        OvernightContext database,
        CancellationToken ct
    ) =>
        await runs.FindLatestAsync(ct) is { } latest
            ? await RetryAsync(latest.Id, runs, retry, database, ct)
            : TypedResults.Problem("There has been no run yet.", statusCode: StatusCodes.Status404NotFound, title: "Run not found");
}
