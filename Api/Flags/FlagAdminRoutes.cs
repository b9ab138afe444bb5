using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Caching;
using Overnight.Core.Flags;

namespace Overnight.Api.Flags;

/// <summary>Lets administrators list flags, change one, and read its history of changes.</summary>
internal static class FlagAdminRoutes
{
    public static void MapFlagAdministration(this WebApplication app)
    {
        var group = app.MapGroup("/api/admin/flags").WithTags("Flags").RequireAuthorization(SessionSetup.Admin);
        group
            .MapGet("", ListAsync)
            .WithName("ListFlags")
            .WithSummary("The flags of this environment by key, with how often they are read.");
        group
            .MapPatch("/{key}", ChangeAsync)
            .WithName("ChangeFlag")
            .WithSummary("Changes a flag on every node. If-Match or the field version keeps a change from undoing another's.")
            .Accepts<FlagPatch>("application/json")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed);
        group.MapGet("/{key}/changes", ChangesAsync).WithName("ListFlagChanges").WithSummary("Who changed what of a flag, newest first.");
    }

    private static async Task<Results<Ok<Listed<FlagItem>>, ValidationProblem>> ListAsync(
        FlagStore flags,
        CancellationToken ct,
        string? limit = null,
        string? cursor = null
    )
    {
        QueryErrors errors = new();
        var page = ListPage<FlagCursor>.Read(limit, cursor, errors);
        if (errors.Any)
            return errors.ToProblem();
        var rows = await flags.ListAsync(page.After?.Key ?? "", page.Limit + 1, ct);
        return TypedResults.Ok(Listed<FlagItem>.Of(rows, page, flag => new FlagCursor(flag.Key), FlagItem.From));
    }

    private static async Task<Results<Ok<Listed<FlagChangeItem>>, ValidationProblem>> ChangesAsync(
        string key,
        FlagStore flags,
        CancellationToken ct,
        string? limit = null,
        string? cursor = null
    )
    {
        QueryErrors errors = new();
        var page = ListPage<FlagChangeCursor>.Read(limit, cursor, errors);
        if (!FeatureFlag.IsKey(key))
            return FlagRoutes.WrongKey(key);
        if (errors.Any)
            return errors.ToProblem();
        var rows = await flags.ChangesAsync(key, page.After?.Version ?? long.MaxValue, page.Limit + 1, ct);
        return TypedResults.Ok(Listed<FlagChangeItem>.Of(rows, page, change => new FlagChangeCursor(change.Version), FlagChangeItem.From));
    }

    private static async Task<Results<Ok<FlagItem>, ValidationProblem, ProblemHttpResult>> ChangeAsync(
        string key,
        HttpContext context,
        FlagStore flags,
        FlagReader reader,
        CacheInvalidation cache,
        CancellationToken ct
    )
    {
        if (!FeatureFlag.IsKey(key))
            return FlagRoutes.WrongKey(key);
        var (patch, errors) = await FlagPatch.ReadAsync(context.Request.Body, ct);
        var precondition = FlagPrecondition.Read(context.Request, patch.Version, errors);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The change asked for is not valid");

        var by = context.User is SessionPrincipal user ? user.Session.UserId : (Guid?)null;
        // Not cancelled with the request: a committed change must be announced to the other nodes.
        var (before, after) = await flags.ChangeAsync(key, patch.Change, precondition.IsMet, by, CancellationToken.None);
        if (before is null)
            return FlagRoutes.Missing(key);
        if (after is null)
            return precondition.Problem(before);
        await cache.ForgetAsync([reader.KeyOf(key)]);
        context.Response.Headers.ETag = FlagPrecondition.Tag(after.Version);
        return TypedResults.Ok(FlagItem.From(after));
    }
}
