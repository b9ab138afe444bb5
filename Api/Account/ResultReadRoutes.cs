using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Audit;
using Overnight.Api.Paging;
using Overnight.Api.Sessions;

namespace Overnight.Api.Account;

/// <summary>Shows users who else opened their results.</summary>
internal static class ResultReadRoutes
{
    public static void MapResultReads(this WebApplication app) =>
        app.MapGet("/api/account/reads", ListAsync)
            .WithTags("Account")
            .RequireAuthorization(SessionSetup.SignedIn)
            .WithName("ListResultReads")
            .WithSummary(
                "Each time somebody else opened one of the user's own results, latest first: an administrator (admin), a program with the admin key (admin-key) or an operator by a command (command), when, and which result. limit is 1 to 200, 50 when left out; cursor is the nextCursor of the page before."
            );

    private static async Task<Results<Ok<Listed<ResultReadItem>>, ValidationProblem>> ListAsync(
        string? limit,
        string? cursor,
        HttpContext context,
        ResultReads reads,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var page = PageQuery<ReadCursor>.Read(limit, cursor, errors);
        if (errors.Any)
            return errors.ToProblem();
        return TypedResults.Ok(
            Listed<ResultReadItem>.Of(
                await reads.ListAsync(SessionPrincipal.Of(context).UserId, page, ct),
                page,
                read => new ReadCursor(read.Number),
                read => read
            )
        );
    }
}
