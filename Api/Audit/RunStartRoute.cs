using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;

namespace Overnight.Api.Audit;

/// <summary>Starts a run by hand, for administrators. The row is inserted and announced here; Jobs does the work (SPEC A2).</summary>
internal static class RunStartRoute
{
    public static void AddRunStart(this WebApplicationBuilder builder) => builder.Services.AddSingleton<RunStore>();

    public static void MapRunStart(this WebApplication app) =>
        app.MapPost(RunRoutes.Path, StartAsync)
            .WithTags("Runs")
            .ForAdmins()
            .WithName("StartRun")
            .WithSummary(
                "Starts the night of a market, or joins the one that is there: 202 with the run that was started, 200 with the one that was joined."
            )
            .Accepts<RunStartRequest>(isOptional: true, "application/json")
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);

    private static async Task<Results<Accepted<RunItem>, Ok<RunItem>, ValidationProblem>> StartAsync(
        HttpRequest request,
        RunStore runs,
        OvernightContext database,
        CancellationToken ct
    )
    {
        var (asked, errors) = await RunStartRequest.ReadAsync(request.Body, ct);
        if (errors.Count > 0)
            return TypedResults.ValidationProblem(errors, title: "The run asked for is not valid");
        try
        {
            var (run, started) = await runs.StartOrJoinAsync(
                asked.Market ?? MarketCatalog.Default,
                asked.Date,
                RunTrigger.Api,
                asked.Again ?? false,
                ct
            );
            var item = RunItem.From(await database.Runs.AsNoTracking().SingleAsync(r => r.Id == run.Id, ct));
            if (!await runs.HasUsersAsync(run.Market, ct))
                item = item with { Note = RunStore.NobodyIn(run.Market) };
            return started ? TypedResults.Accepted(item.Links.Self, item) : TypedResults.Ok(item);
        }
        catch (RequestException exception)
        {
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]>(StringComparer.Ordinal) { [exception.Field] = [exception.Message] },
                title: "The run asked for is not valid"
            );
        }
    }
}
