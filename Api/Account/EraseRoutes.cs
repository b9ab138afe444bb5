using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Erasures;

namespace Overnight.Api.Account;

/// <summary>Lets users erase themselves, and shows receipts of erasures.</summary>
internal static class EraseRoutes
{
    public static void AddErasures(this WebApplicationBuilder builder) =>
        builder
            .Services.AddSingleton(services => new ErasureRequests(
                services.GetRequiredService<NpgsqlDataSource>(),
                services.GetRequiredService<TimeProvider>()
            ))
            .AddSingleton<OwnErasure>();

    public static void MapErasures(this WebApplication app)
    {
        app.MapDelete("/api/me", EraseAsync)
            .WithTags("Account")
            .RequireAuthorization(SessionSetup.SignedIn)
            // SignInLimits limits this route instead.
            .DisableRateLimiting()
            .WithName("EraseMe")
            .WithSummary(
                "Erases the user and all that is of the user, for good; needs the password once more, and ends all sessions. 200 with the receipt; 202 with one that is not completed when a jobs process, or the cache, does not answer, or a rehearsal is under way: it goes on then, and waitsFor says what for. 409 for the last administrator, and for an account without a password. Wrong passwords count as attempts to sign in."
            )
            .Accepts<EraseRequest>("application/json")
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        app.MapGet("/api/erasures/{id}", FindAsync)
            .WithTags("Account")
            .AllowAnonymous()
            .WithName("GetErasure")
            .WithSummary("The receipt of an erasure, which names nobody, for who knows its id.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<ErasureStatus>, Accepted<ErasureStatus>, ValidationProblem, ProblemHttpResult>> EraseAsync(
        HttpContext context,
        OwnErasure erasure,
        CancellationToken ct
    )
    {
        var (asked, errors) = await EraseRequest.ReadAsync(context.Request.Body, ct);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The account was not erased");
        return await erasure.TryAsync(context, asked.Password!, ct) switch
        {
            { Receipt: { CompletedAt: null } receipt } => TypedResults.Accepted($"/api/erasures/{receipt.Id}", receipt),
            { Receipt: { } receipt } => TypedResults.Ok(receipt),
            { Refused: { } turn } => SignInRoutes.TooMany(context, turn),
            { Title: { } title, Detail: var detail } => TypedResults.Problem(
                detail,
                statusCode: StatusCodes.Status409Conflict,
                title: title
            ),
            _ => InvalidRequest.Problem("password", PasswordChange.Wrong, "The account was not erased"),
        };
    }

    private static async Task<Results<Ok<ErasureStatus>, ValidationProblem, ProblemHttpResult>> FindAsync(
        string id,
        NpgsqlDataSource database,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var erasure = errors.Id("id", id);
        if (errors.Any)
            return errors.ToProblem();
        return await ErasureStatus.FindAsync(database, erasure!.Value, ct) is { } receipt
            ? TypedResults.Ok(receipt)
            : TypedResults.Problem("There is no erasure with this id.", statusCode: StatusCodes.Status404NotFound, title: "No erasure");
    }
}
