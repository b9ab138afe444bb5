using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Api.Sessions;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Results;

namespace Overnight.Api.Dashboard;

/// <summary>The route of the signed-in user's dashboard.</summary>
internal static class DashboardRoutes
{
    public const string Path = "/api/dashboard";

    public static void AddDashboard(this WebApplicationBuilder builder)
    {
        builder
            .Services.AddResults()
            .AddSingleton<ChangeListener>()
            .AddHostedService<CacheRepairLoop>()
            .AddHostedService<ChangeListenerLoop>();
        builder.Services.AddMarkets().TryAddSingleton(TimeProvider.System);
    }

    /// <summary>Must be the first middleware, so that a cached answer skips all others.</summary>
    public static void UseCachedDashboard(this WebApplication app) => app.UseMiddleware<CachedDashboardMiddleware>();

    public static void MapDashboard(this WebApplication app)
    {
        var group = app.MapGroup(Path).WithTags("Dashboard").RequireAuthorization(SessionSetup.SignedIn);
        group
            .MapGet("", GetAsync)
            // The most used route is not queued: a user's misses share one query, and the pool of connections limits the queries.
            .DisableRateLimiting()
            .WithName("GetDashboard")
            .WithSummary("The signed-in user's recommendations, from the cache when it has them.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<DashboardHttpResult, ProblemHttpResult>> GetAsync(
        HttpContext context,
        ResultReader reader,
        MarketCatalog markets,
        TimeProvider time,
        CancellationToken ct
    )
    {
        // The user id comes from the session only, so that a request can't name another user.
        var session = SessionPrincipal.Of(context);
        var userId = session.UserId;
        var isMissed = context.Features.Get<ResultCacheMiss>()?.UserId == userId;
        var answer = await (isMissed ? reader.Entries.LoadAsync(userId, ct) : reader.Entries.GetAsync(userId, ct));
        if (answer.Value is { } entry)
        {
            var fromCache = answer.Source != EntrySource.Database;
            return new DashboardHttpResult(entry, fromCache, time.GetUtcNow(), markets.OfUser(session.Markets));
        }

        CacheTelemetry.Answered(fromCache: false);
        var missing = await MissingResultReason.ExplainAsync(context.RequestServices.GetRequiredService<OvernightContext>(), userId, ct);
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
