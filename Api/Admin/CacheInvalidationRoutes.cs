using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Sessions;
using Overnight.Core.Reference;

namespace Overnight.Api.Admin;

/// <summary>
/// Tells that reference data changed, by what happened or by what it is, for administrators and their programs (SPEC G5).
/// </summary>
internal static class CacheInvalidationRoutes
{
    public static void MapCacheInvalidation(this WebApplication app)
    {
        var group = app.MapGroup("/api/admin/cache")
            .WithTags("Admin")
            .ForAdmins()
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
        group
            .MapPost("events", TellAsync)
            .WithName("TellCacheEvent")
            .Accepts<CacheEventRequest>("application/json")
            .WithSummary(
                "Says what happened to reference data, after its commit: what shows it is read anew from then on, on every node. Without tenantId, of every tenant."
            );
        group
            .MapPost("invalidate", InvalidateAsync)
            .WithName("InvalidateCache")
            .Accepts<CacheInvalidateRequest>("application/json")
            .WithSummary("Has reference data read anew: of a pattern such as finance:*, of a tenant, of both together, or all.");
    }

    private static async Task<Results<Ok<CacheInvalidated>, ValidationProblem>> TellAsync(
        HttpRequest request,
        ReferenceInvalidation invalidation,
        TenantDirectory tenants,
        CancellationToken ct
    )
    {
        var (told, errors) = await CacheEventRequest.ReadAsync(request.Body, ct);
        await tenants.CheckAsync(told.TenantId, "tenantId", errors, ct);
        if (errors.Count > 0)
            return TypedResults.ValidationProblem(errors, title: "The event is not valid");
        return await AnswerAsync(invalidation, told.TenantId, ReferenceCatalog.Events[told.Event!], ct);
    }

    private static async Task<Results<Ok<CacheInvalidated>, ValidationProblem>> InvalidateAsync(
        HttpRequest request,
        ReferenceInvalidation invalidation,
        TenantDirectory tenants,
        CancellationToken ct
    )
    {
        var (asked, errors) = await CacheInvalidateRequest.ReadAsync(request.Body, ct);
        await tenants.CheckAsync(asked.TenantId, "tenantId", errors, ct);
        if (errors.Count > 0)
            return TypedResults.ValidationProblem(errors, title: "What is to be invalidated is not valid");
        return await AnswerAsync(invalidation, asked.TenantId, asked.Entities, ct);
    }

    private static async Task<Ok<CacheInvalidated>> AnswerAsync(
        ReferenceInvalidation invalidation,
        Guid? tenant,
        IReadOnlyList<ReferenceEntity>? entities,
        CancellationToken ct
    )
    {
        var generation = await invalidation.InvalidateAsync(tenant, entities, ct);
        return TypedResults.Ok(
            new CacheInvalidated(tenant, [.. (entities ?? ReferenceCatalog.All).Select(entity => entity.FullName)], generation)
        );
    }
}

/// <param name="TenantId">Null for every tenant.</param>
/// <param name="Entities">What is read anew.</param>
/// <param name="Generation">What its entries carry from now on.</param>
internal sealed record CacheInvalidated(Guid? TenantId, IReadOnlyList<string> Entities, long Generation);
