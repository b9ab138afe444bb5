using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;

namespace Overnight.Api.Audit;

/// <summary>Lets administrators start a run. It inserts the run's row and notifies Jobs, which does the work.</summary>
internal static class RunStartRoute
{
    private const string NobodyThere = "No jobs process was heard for a minute; the run waits until one starts.";

    public static void AddRunStart(this WebApplicationBuilder builder) => builder.Services.AddSingleton<RunStore>();

    public static void MapRunStart(this WebApplication app) =>
        app.MapPost(RunRoutes.Path, StartAsync)
            .WithTags("Runs")
            .RequireAuthorization(SessionSetup.Admin)
            .WithName("StartRun")
            .WithSummary(
                "Starts the night of a market, or joins the one that is there: 202 with the run that was started, 200 with the one that was joined. workers says how many jobs processes were heard in the last minute."
            )
            .Accepts<RunStartRequest>(isOptional: true, "application/json");

    private static Task<Results<Accepted<RunItem>, Ok<RunItem>, ValidationProblem>> StartAsync(
        HttpRequest request,
        RunStore runs,
        OvernightContext database,
        WorkerDirectory workers,
        CancellationToken ct
    ) => BeginAsync(request.Body, request.HttpContext, runs, database, workers, ct);

    /// <param name="body">JSON of a <see cref="RunStartRequest"/>.</param>
    internal static async Task<Results<Accepted<RunItem>, Ok<RunItem>, ValidationProblem>> BeginAsync(
        Stream body,
        HttpContext context,
        RunStore runs,
        OvernightContext database,
        WorkerDirectory workers,
        CancellationToken ct
    )
    {
        var (asked, errors) = await RunStartRequest.ReadAsync(body, ct);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The run asked for is not valid");
        try
        {
            var (run, started) = await runs.StartOrJoinAsync(
                asked.Market ?? MarketCatalog.Default,
                asked.Date,
                RunTrigger.Api,
                asked.Again ?? false,
                SessionPrincipal.ActorOf(context),
                ct
            );
            var item = RunItem.From(await database.Runs.AsNoTracking().SingleAsync(r => r.Id == run.Id, ct));
            var (heard, _) = await workers.FindAsync(ct);
            item = item with
            {
                Workers = heard,
                Note =
                    !await runs.HasUsersAsync(run.Market, ct) ? RunStore.NobodyIn(run.Market)
                    : heard == 0 && !run.IsFinished ? NobodyThere
                    : null,
            };
            return started ? TypedResults.Accepted(item.Links.Self, item) : TypedResults.Ok(item);
        }
        catch (RequestException exception)
        {
            return InvalidRequest.Problem(exception.Field, exception.Message, "The run asked for is not valid");
        }
    }
}
