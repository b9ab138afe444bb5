using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Problems;
using Overnight.Api.Protection;
using Overnight.Api.Sessions;
using Overnight.Core.Reference;

namespace Overnight.Api.Reference;

/// <summary>Routes that return reference data of the caller's own tenant.</summary>
internal static class ReferenceRoutes
{
    public static void AddReference(this WebApplicationBuilder builder)
    {
        builder.Services.AddReferenceData().AddHostedService<TenantGenerationLoop>();
    }

    public static void MapReference(this WebApplication app)
    {
        var group = app.MapGroup("/api/reference").WithTags("Reference data").RequireAuthorization(SessionSetup.SignedIn);
        group
            .MapGet("{module}/{entity}", GetAsync)
            .WithName("GetReference")
            .WithMetadata(new ReadsOwnQuery())
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary(
                "Reference data of the signed-in user's tenant, such as finance/coa, sales/materials?page=1&limit=100, finance/xrate?from=USD&to=EUR&date=latest, wms/locations?facilityId=.. . "
                    + "page is 1 and limit 100 when left out, date is latest, period is current."
            );
    }

    private static async Task<Results<ReferenceHttpResult, ValidationProblem, ProblemHttpResult>> GetAsync(
        HttpContext context,
        string module,
        string entity,
        ReferenceReader reader,
        CancellationToken ct
    )
    {
        // The tenant comes from the session; a request that names another one is answered 404.
        if (SessionPrincipal.Of(context).TenantId is not { } tenant)
            return NotFound("The signed-in user belongs to no tenant.");
        if (ReferenceCatalog.Find(module, entity) is not { } found || !ReferenceRequest.IsOf(tenant, context.Request.Query))
            return NotFound("There is no such entity for this tenant.");

        var (values, errors) = ReferenceRequest.Read(found, context.Request.Query);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The question is not valid");
        var answer = await reader.GetAsync(tenant, found, values, ct);
        return answer.Value is { } entry ? new ReferenceHttpResult(entry, answer.Source) : NotFound("This tenant has no such data.");
    }

    private static ProblemHttpResult NotFound(string detail) =>
        TypedResults.Problem(detail, statusCode: StatusCodes.Status404NotFound, title: "Reference data not found");
}
