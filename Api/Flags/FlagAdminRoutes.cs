using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Paging;
using Overnight.Api.Sessions;
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
        var page = PageQuery<FlagCursor>.Read(limit, cursor, errors);
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
        var page = PageQuery<FlagChangeCursor>.Read(limit, cursor, errors);
        if (!FeatureFlag.IsKey(key))
            return FlagRoutes.WrongKey(key);
        if (errors.Any)
            return errors.ToProblem();
        var rows = await flags.ChangesAsync(key, page.After?.Version ?? long.MaxValue, page.Limit + 1, ct);
        return TypedResults.Ok(Listed<FlagChangeItem>.Of(rows, page, change => new FlagChangeCursor(change.Version), FlagChangeItem.From));
    }

    private static Task<Results<Ok<FlagItem>, ValidationProblem, ProblemHttpResult>> ChangeAsync(
        string key,
        HttpContext context,
        FlagChanges changes,
        CancellationToken ct
    ) => changes.ChangeAsync(key, context.Request.Body, context, ct);
}
