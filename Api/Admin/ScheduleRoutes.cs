using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Api.Operations;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Schedules;
using Overnight.Core.Warming;

namespace Overnight.Api.Admin;

/// <summary>Lets administrators see the schedules of markets and warm sets, and pause and resume them.</summary>
internal static class ScheduleRoutes
{
    public static void AddSchedule(this WebApplicationBuilder builder)
    {
        builder.Services.AddWarming();
        builder.Services.TryAddSingleton<SchedulePauses>();
    }

    public static void MapSchedule(this WebApplication app)
    {
        var group = app.MapGroup("/api/admin/schedule").WithTags("Admin").RequireAuthorization(SessionSetup.Admin);
        group
            .MapGet("", ReadAsync)
            .WithName("GetSchedule")
            .WithSummary(
                "Per market the night under way, the next one with its deadline, why today has none, and the last run; per set its next warm; and which schedules are paused, why and until when."
            );
        group
            .MapPost("markets/{market}/pause", PauseMarketAsync)
            .WithName("PauseMarket")
            .WithSummary("Pauses a market's schedule, or changes the reason and end of its pause. Runs that are started by hand go on.")
            .Accepts<SchedulePauseRequest>("application/json")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPost("markets/{market}/resume", ResumeMarketAsync)
            .WithName("ResumeMarket")
            .WithSummary("Lets a market's schedule go on; a night that was due meanwhile is caught up until the market opens.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPost("sets/{set}/pause", PauseSetAsync)
            .WithName("PauseSet")
            .WithSummary("Pauses a warm set's schedule. Warms by hand, after a cold start and of a deployment go on.")
            .Accepts<SchedulePauseRequest>("application/json")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPost("sets/{set}/resume", ResumeSetAsync)
            .WithName("ResumeSet")
            .WithSummary("Lets a warm set's schedule go on.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<ScheduleAnswer>> ReadAsync(
        MarketSchedules markets,
        Warmer warmer,
        WarmProgressStore progress,
        SchedulePauses pauses,
        OvernightContext database,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var now = time.GetUtcNow();
        var paused = await pauses.ReadAsync(now, ct);
        var warmed = await progress.ReadAsync(ct);
        return TypedResults.Ok(
            new ScheduleAnswer(
                await markets.ReadAsync(database, paused, ct),
                [
                    .. warmer.Sets.Select(set =>
                        SetSchedule.From(set.Declaration, warmed.GetValueOrDefault(set.Name), paused.At(ScheduleKind.Set, set.Name, now))
                    ),
                ]
            )
        );
    }

    private static Task<Results<Ok<PauseAnswer>, ValidationProblem, ProblemHttpResult>> PauseMarketAsync(
        string market,
        HttpContext context,
        MarketCatalog markets,
        SchedulePauses pauses,
        TimeProvider time,
        CancellationToken ct
    ) => PauseAsync(ScheduleKind.Market, market, Missing(markets, market), null, context, pauses, time, ct);

    private static Task<Results<Ok<PauseAnswer>, ValidationProblem, ProblemHttpResult>> PauseSetAsync(
        string set,
        HttpContext context,
        Warmer warmer,
        SchedulePauses pauses,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var (declaration, missing) = Find(warmer, set);
        return PauseAsync(ScheduleKind.Set, set, missing, declaration?.PauseWarning, context, pauses, time, ct);
    }

    private static async Task<Results<Ok<PauseAnswer>, ValidationProblem, ProblemHttpResult>> PauseAsync(
        ScheduleKind kind,
        string name,
        ProblemHttpResult? missing,
        string? note,
        HttpContext context,
        SchedulePauses pauses,
        TimeProvider time,
        CancellationToken ct
    )
    {
        if (missing is not null)
            return missing;
        var (asked, errors) = await SchedulePauseRequest.ReadAsync(context.Request.Body, time.GetUtcNow(), ct);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The pause asked for is not valid");
        var pause = await pauses.PauseAsync(kind, name, asked.Reason!, asked.Until, SessionPrincipal.ActorOf(context), ct);
        return TypedResults.Ok(new PauseAnswer(kind.Name(), name, PauseItem.From(pause), note));
    }

    private static Task<Results<Ok<ResumeAnswer>, ProblemHttpResult>> ResumeMarketAsync(
        string market,
        HttpContext context,
        MarketCatalog markets,
        SchedulePauses pauses,
        CancellationToken ct
    ) => ResumeAsync(ScheduleKind.Market, market, Missing(markets, market), context, pauses, ct);

    private static Task<Results<Ok<ResumeAnswer>, ProblemHttpResult>> ResumeSetAsync(
        string set,
        HttpContext context,
        Warmer warmer,
        SchedulePauses pauses,
        CancellationToken ct
    ) => ResumeAsync(ScheduleKind.Set, set, Find(warmer, set).Missing, context, pauses, ct);

    private static async Task<Results<Ok<ResumeAnswer>, ProblemHttpResult>> ResumeAsync(
        ScheduleKind kind,
        string name,
        ProblemHttpResult? missing,
        HttpContext context,
        SchedulePauses pauses,
        CancellationToken ct
    ) =>
        missing is not null
            ? missing
            : TypedResults.Ok(
                new ResumeAnswer(kind.Name(), name, await pauses.ResumeAsync(kind, name, SessionPrincipal.ActorOf(context), ct) is not null)
            );

    private static ProblemHttpResult? Missing(MarketCatalog markets, string code)
    {
        try
        {
            markets.Get(code);
            return null;
        }
        catch (RequestException unknown)
        {
            return NotFound(unknown.Message, "Market not found");
        }
    }

    private static (WarmDeclaration? Set, ProblemHttpResult? Missing) Find(Warmer warmer, string name)
    {
        try
        {
            return (warmer.Find([name])[0].Declaration, null);
        }
        catch (KeyNotFoundException unknown)
        {
            return (null, NotFound(unknown.Message, "Warm set not found"));
        }
    }

    private static ProblemHttpResult NotFound(string detail, string title) =>
        TypedResults.Problem(detail, statusCode: StatusCodes.Status404NotFound, title: title);
}
