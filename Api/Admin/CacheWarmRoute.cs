using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Flags;
using Overnight.Core.Reference;
using Overnight.Core.Warming;

namespace Overnight.Api.Admin;

/// <summary>Lets administrators warm the cache; the answer comes when the warm has ended.</summary>
internal static class CacheWarmRoute
{
    public static void AddCacheWarm(this WebApplicationBuilder builder) => builder.Services.AddWarming();

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
        Warmer warmer,
        TenantDirectory tenants,
        CacheStore cache,
        NpgsqlDataSource database,
        TimeProvider time,
        IHostApplicationLifetime lifetime,
        CancellationToken ct
    )
    {
        var (asked, errors) = await CacheWarmRequest.ReadAsync(request.Body, ct);
        await tenants.CheckAsync(asked.Tenant, "tenant", errors, ct);
        IReadOnlyList<WarmSet> sets = [];
        try
        {
            sets = warmer.Find(asked.Sets ?? (asked.FlagKeys is null ? null : [FlagWarmSet.SetName]), asked.Tenant);
        }
        catch (KeyNotFoundException unknown)
        {
            errors["sets"] = [unknown.Message];
        }
        if (asked.FlagKeys is not null && sets.Any(set => set.Name != FlagWarmSet.SetName))
            errors["flagKeys"] = [$"belong to the set {FlagWarmSet.SetName}; leave the other sets out"];
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The warm asked for is not valid");
        // Throws when the cache can't be reached, which is answered 503; the warm itself would only report failed sets.
        await cache.PingAsync();
        WarmRequest warm = new(
            WarmTrigger.Api,
            asked.Count,
            asked.Tenant,
            Keys: asked.FlagKeys,
            CorrelationId: Guid.CreateVersion7(time.GetUtcNow())
        );
        await ActionLog.WriteAsync(database, warm.Logged(SessionPrincipal.ActorOf(request.HttpContext), sets), time.GetUtcNow(), ct);
        // The warm goes on when the client disconnects, since a half-finished one would only have to be resumed.
        var report = await warmer.WarmAsync(sets, warm, null, lifetime.ApplicationStopping);
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
