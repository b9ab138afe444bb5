using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Paging;
using Overnight.Api.Sessions;

namespace Overnight.Api.Admin;

/// <summary>Lets administrators read the action log.</summary>
internal static class ActionLogRoute
{
    public static void AddActionLog(this WebApplicationBuilder builder) => builder.Services.AddSingleton<ActionLogList>();

    public static void MapActionLog(this WebApplication app) =>
        app.MapGet("/api/admin/actions", ListAsync)
            .WithTags("Admin")
            .RequireAuthorization(SessionSetup.Admin)
            .WithName("ListActions")
            .WithSummary(
                "Who did what, when, with which outcome, latest first: of an action such as run, and by or about a user, where given. limit is 1 to 200, 50 when left out; cursor is the nextCursor of the page before."
            );

    private static async Task<Results<Ok<Listed<ActionItem>>, ValidationProblem>> ListAsync(
        string? action,
        string? user,
        string? limit,
        string? cursor,
        ActionLogList actions,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var filter = ActionFilter.Read(action, user, errors);
        var page = PageQuery<ActionCursor>.Read(limit, cursor, errors);
        if (errors.Any)
            return errors.ToProblem();
        return TypedResults.Ok(
            Listed<ActionItem>.Of(await actions.ReadAsync(filter, page, ct), page, item => new ActionCursor(item.Number), item => item)
        );
    }
}
