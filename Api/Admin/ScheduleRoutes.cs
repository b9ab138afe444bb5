using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Schedules;

namespace Overnight.Api.Admin;

/// <summary>Lets administrators see the schedules of markets and warm sets, and pause and resume them.</summary>
internal static class ScheduleRoutes
{
    public static void AddSchedule(this WebApplicationBuilder builder)
    {
        builder.Services.AddWarming();
        builder.Services.TryAddSingleton<SchedulePauses>();
        builder.Services.AddSingleton<ScheduleReader>().AddSingleton<ScheduleChanges>();
    }

    public static void MapSchedule(this WebApplication app)
    {
        var group = app.MapGroup("/api/admin/schedule").WithTags("Admin").RequireAuthorization(SessionSetup.Admin);
        group
            .MapGet("", ReadAsync)
            .WithName("GetSchedule")
            .WithSummary(
                "Per market the night under way, the next one with its deadline, why today has none, and the last run; "
                    + "per set its latest warm against its deadline and the next one; and which schedules are paused, why and until when."
            );
        group
            .MapPost("markets/{market}/pause", static (string market, HttpContext context, ScheduleChanges changes, CancellationToken ct) =>
                PauseAsync(ScheduleKind.Market, market, context, changes, ct)
            )
            .WithName("PauseMarket")
            .WithSummary("Pauses a market's schedule, or changes the reason and end of its pause. Runs that are started by hand go on.")
            .Accepts<SchedulePauseRequest>("application/json")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPost(
                "markets/{market}/resume",
                static (string market, HttpContext context, ScheduleChanges changes, CancellationToken ct) =>
                    ResumeAsync(ScheduleKind.Market, market, context, changes, ct)
            )
            .WithName("ResumeMarket")
            .WithSummary("Lets a market's schedule go on; a night that was due meanwhile is caught up until the market opens.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPost("sets/{set}/pause", static (string set, HttpContext context, ScheduleChanges changes, CancellationToken ct) =>
                PauseAsync(ScheduleKind.Set, set, context, changes, ct)
            )
            .WithName("PauseSet")
            .WithSummary("Pauses a warm set's schedule. Warms by hand, after a cold start and of a deployment go on.")
            .Accepts<SchedulePauseRequest>("application/json")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPost("sets/{set}/resume", static (string set, HttpContext context, ScheduleChanges changes, CancellationToken ct) =>
                ResumeAsync(ScheduleKind.Set, set, context, changes, ct)
            )
            .WithName("ResumeSet")
            .WithSummary("Lets a warm set's schedule go on.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<ScheduleAnswer>> ReadAsync(ScheduleReader schedule, OvernightContext database, CancellationToken ct) =>
        TypedResults.Ok(await schedule.ReadAsync(database, ct));

    private static Task<Results<Ok<PauseAnswer>, ValidationProblem, ProblemHttpResult>> PauseAsync(
        ScheduleKind kind,
        string name,
        HttpContext context,
        ScheduleChanges changes,
        CancellationToken ct
    ) => changes.PauseAsync(kind, name, context.Request.Body, SessionPrincipal.ActorOf(context), ct);

    private static Task<Results<Ok<ResumeAnswer>, ProblemHttpResult>> ResumeAsync(
        ScheduleKind kind,
        string name,
        HttpContext context,
        ScheduleChanges changes,
        CancellationToken ct
    ) => changes.ResumeAsync(kind, name, SessionPrincipal.ActorOf(context), ct);
}
