using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Api.Sessions;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;

namespace Overnight.Api.Dashboard;

/// <summary>What a user sees in the morning (SPEC C1, C2).</summary>
internal static class DashboardRoutes
{
    public static void AddDashboard(this WebApplicationBuilder builder)
    {
        builder.Services.AddCaching()
            .AddSingleton<RepairQueue>()
            .AddSingleton<ResultReader>()
            .AddSingleton<ResultRepair>()
            .AddSingleton<ChangeListener>()
            .AddHostedService<RepairLoop>()
            .AddHostedService<ChangeLoop>();
        builder.Services.AddMarkets().TryAddSingleton(TimeProvider.System);
    }

    public static void MapDashboard(this WebApplication app)
    {
        var group = app.MapGroup("/api/dashboard").WithTags("Dashboard").RequireAuthorization(SessionSetup.SignedIn)
            .ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapGet("", GetAsync).WithName("GetDashboard").WithMetadata(new EarlyRead(BeginReading)).WithSummary("The signed-in user's recommendations, from the cache when it has them.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<DashboardAnswer, ProblemHttpResult>> GetAsync(HttpContext context, ResultReader reader, MarketCatalog markets, TimeProvider time, CancellationToken ct)
    {
        // The only user id there is: nothing of the request can name another (SPEC C5).
        var session = SessionPrincipal.Of(context);
        var userId = session.UserId;
        var begun = context.Features.Get<BegunRead>();
        var answer = await reader.GetAsync(userId, begun?.UserId == userId ? begun.Entry : null, ct);
        if (answer.Entry is { } entry) return new DashboardAnswer(entry, answer.FromCache, time.GetUtcNow(), markets.OfUser(session.Markets));

        var missing = answer.Unreadable
            ? MissingResult.Unreadable
            : await MissingResult.ExplainAsync(context.RequestServices.GetRequiredService<OvernightContext>(), userId, ct);
        context.Response.Headers.CacheControl = "private, no-store";
        Dictionary<string, object?> extensions = new(StringComparer.Ordinal) { ["reason"] = missing.Reason };
        if (missing.Stage is not null) (extensions["stage"], extensions["failure"]) = (missing.Stage, missing.Failure);
        return TypedResults.Problem(missing.Detail, statusCode: StatusCodes.Status404NotFound, title: "No recommendations to show", extensions: extensions);
    }

    private static void BeginReading(HttpContext context, Guid probableUser) =>
        context.Features.Set(new BegunRead(probableUser, context.RequestServices.GetRequiredService<ResultReader>().Begin(probableUser)));

    private sealed record BegunRead(Guid UserId, ValueTask<byte[]?> Entry);
}
