using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Api.Sessions;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Results;

namespace Overnight.Api.Dashboard;

/// <summary>What a user sees in the morning (SPEC C1, C2).</summary>
internal static class DashboardRoutes
{
    public const string Path = "/api/dashboard";

    public static void AddDashboard(this WebApplicationBuilder builder)
    {
        builder.Services.AddResults().AddSingleton<ChangeListener>().AddHostedService<RepairLoop>().AddHostedService<ChangeListenerLoop>();
        builder.Services.AddMarkets().TryAddSingleton(TimeProvider.System);
    }

    /// <summary>To be used before anything else: it needs nothing of it.</summary>
    public static void UseCachedDashboard(this WebApplication app) => app.UseMiddleware<CachedDashboard>();

    public static void MapDashboard(this WebApplication app)
    {
        var group = app.MapGroup(Path).WithTags("Dashboard").ForSignedIn();
        group
            .MapGet("", GetAsync)
            .WithName("GetDashboard")
            .WithSummary("The signed-in user's recommendations, from the cache when it has them.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<DashboardAnswer, ProblemHttpResult>> GetAsync(
        HttpContext context,
        ResultReader reader,
        MarketCatalog markets,
        TimeProvider time,
        CancellationToken ct
    )
    {
        // The only user id there is: nothing of the request can name another (SPEC C5).
        var session = SessionPrincipal.Of(context);
        var userId = session.UserId;
        var isMissed = context.Features.Get<ResultCacheMiss>()?.UserId == userId;
        var answer = await (isMissed ? reader.Entries.LoadAsync(userId, ct) : reader.Entries.GetAsync(userId, ct));
        if (answer.Value is { } entry)
        {
            var fromCache = answer.Source != EntrySource.Database;
            return new DashboardAnswer(entry, fromCache, time.GetUtcNow(), markets.OfUser(session.Markets));
        }

        CacheTelemetry.Answered(fromCache: false);
        var missing = await MissingResult.ExplainAsync(context.RequestServices.GetRequiredService<OvernightContext>(), userId, ct);
        context.Response.Headers.CacheControl = "private, no-store";
        Dictionary<string, object?> extensions = new(StringComparer.Ordinal) { ["reason"] = missing.Reason };
        if (missing.Stage is not null)
            (extensions["stage"], extensions["failure"]) = (missing.Stage, missing.Failure);
        return TypedResults.Problem(
            missing.Detail,
            statusCode: StatusCodes.Status404NotFound,
            title: "No recommendations to show",
            extensions: extensions
        );
    }
}
