using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Warming;

namespace Overnight.Api.Admin;

/// <summary>Lets administrators warm the cache; the answer comes when the warm has ended.</summary>
internal static class CacheWarmRoute
{
    public static void AddCacheWarm(this WebApplicationBuilder builder) =>
        builder.Services.AddWarming().AddSingleton<CacheWarmStarter>().AddSingleton<WarmSetList>();

    public static void MapCacheWarm(this WebApplication app) =>
        app.MapPost("/api/admin/cache/warm", WarmAsync)
            .WithTags("Admin")
            .RequireAuthorization(SessionSetup.Admin)
            .WithName("WarmCache")
            .WithSummary("Warms the sets named, or all. A set that another process is warming is left to it and shown as running.")
            .Accepts<CacheWarmRequest>(isOptional: true, "application/json")
            .DisableRequestTimeout();

    private static async Task<Results<Ok<CacheWarmAnswer>, ValidationProblem>> WarmAsync(
        HttpRequest request,
        CacheWarmStarter start,
        CacheStore cache,
        CancellationToken ct
    )
    {
        var (refused, warm) = await start.BeginAsync(request.Body, request.HttpContext, ct);
        if (warm is null)
            return refused!;
        var report = await warm;
        if (!report.IsWhole)
            await cache.PingAsync();
        return TypedResults.Ok(CacheWarmAnswer.From(report));
    }
}

/// <param name="Warmed">Entries written.</param>
/// <param name="Duration">Milliseconds.</param>
internal sealed record CacheWarmAnswer(long Warmed, long Duration, IReadOnlyList<WarmedSet> Sets)
{
    public static CacheWarmAnswer From(WarmReport report) =>
        new(
            report.Warmed,
            (long)report.Duration.TotalMilliseconds,
            [
                .. report.Sets.Select(set => new WarmedSet(
                    set.Set,
                    set.StatusName,
                    set.Warmed,
                    set.Failed,
                    (long)set.Duration.TotalMilliseconds
                )),
            ]
        );
}

/// <param name="Status">completed, partial, failed, or running while another process warms it.</param>
internal sealed record WarmedSet(string Set, string Status, long Warmed, long Failed, long Duration);
