using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Reference;

namespace Overnight.Api.Admin;

/// <summary>
/// Lets administrators and their programs invalidate cached reference data, by event or by pattern.
/// </summary>
internal static class ReferenceInvalidationRoutes
{
    public static void MapReferenceInvalidation(this WebApplication app)
    {
        var group = app.MapGroup("/api/admin/cache").WithTags("Admin").RequireAuthorization(SessionSetup.Admin);
        group
            .MapPost("events", TellAsync)
            .WithName("TellCacheEvent")
            .Accepts<ReferenceChangeRequest>("application/json")
            .WithSummary(
                "Reports a committed change of reference data: every node reads the entities that show it again. Without tenantId, for every tenant."
            );
        group
            .MapPost("invalidate", ByRequestAsync)
            .WithName("InvalidateCache")
            .Accepts<CacheInvalidateRequest>("application/json")
            .WithSummary("Invalidates cached reference data: by a pattern such as finance:*, by tenant, by both, or all of it.");
    }

    private static async Task<Results<Ok<CacheInvalidated>, ValidationProblem>> TellAsync(
        HttpRequest request,
        ReferenceInvalidation invalidation,
        TenantDirectory tenants,
        CancellationToken ct
    )
    {
        var (told, errors) = await ReferenceChangeRequest.ReadAsync(request.Body, ct);
        await tenants.CheckAsync(told.TenantId, "tenantId", errors, ct);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The event is not valid");
        return await AnswerAsync(request.HttpContext, invalidation, told.TenantId, ReferenceCatalog.Events[told.Event!], told.Event, ct);
    }

    private static Task<Results<Ok<CacheInvalidated>, ValidationProblem>> ByRequestAsync(
        HttpRequest request,
        ReferenceInvalidation invalidation,
        TenantDirectory tenants,
        CancellationToken ct
    ) => InvalidateAsync(request.Body, request.HttpContext, invalidation, tenants, ct);

    /// <param name="body">JSON of a <see cref="CacheInvalidateRequest"/>.</param>
    internal static async Task<Results<Ok<CacheInvalidated>, ValidationProblem>> InvalidateAsync(
        Stream body,
        HttpContext context,
        ReferenceInvalidation invalidation,
        TenantDirectory tenants,
        CancellationToken ct
    )
    {
        var (asked, errors) = await CacheInvalidateRequest.CheckAsync(body, tenants, ct);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The invalidation asked for is not valid");
        return await AnswerAsync(context, invalidation, asked.TenantId, asked.Entities, null, ct);
    }

    private static async Task<Ok<CacheInvalidated>> AnswerAsync(
        HttpContext context,
        ReferenceInvalidation invalidation,
        Guid? tenant,
        IReadOnlyList<ReferenceEntity>? entities,
        string? cause,
        CancellationToken ct
    )
    {
        var generation = await invalidation.InvalidateAsync(tenant, entities, SessionPrincipal.ActorOf(context), cause, ct);
        return TypedResults.Ok(
            new CacheInvalidated(tenant, [.. (entities ?? ReferenceCatalog.All).Select(entity => entity.FullName)], generation)
        );
    }
}

/// <param name="TenantId">Null for every tenant.</param>
/// <param name="Entities">Entities that are read again.</param>
/// <param name="Generation">Generation number that their entries carry from now on.</param>
internal sealed record CacheInvalidated(Guid? TenantId, IReadOnlyList<string> Entities, long Generation);
