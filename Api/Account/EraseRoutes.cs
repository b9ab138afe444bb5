using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Erasures;
using Overnight.Core.Sessions;

namespace Overnight.Api.Account;

/// <summary>Lets users erase themselves, and shows receipts of erasures.</summary>
internal static class EraseRoutes
{
    /// <summary>How long an answer waits for the erasure, which usually takes a second.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static void AddErasures(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton(services => new ErasureRequests(
            services.GetRequiredService<NpgsqlDataSource>(),
            services.GetRequiredService<TimeProvider>()
        ));

    public static void MapErasures(this WebApplication app)
    {
        app.MapDelete("/api/me", EraseAsync)
            .WithTags("Account")
            .RequireAuthorization(SessionSetup.SignedIn)
            // SignInLimits limits this route instead.
            .DisableRateLimiting()
            .WithName("EraseMe")
            .WithSummary(
                "Erases the user and all that is of the user, for good; needs the password once more, and ends all sessions. 200 with the receipt; 202 with one that is not completed when a jobs process, or the cache, does not answer: it goes on when they do. 409 for the last administrator, and for an account without a password. Wrong passwords count as attempts to sign in."
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

    private static async Task<Results<Ok<ErasureReceipt>, Accepted<ErasureReceipt>, ValidationProblem, ProblemHttpResult>> EraseAsync(
        HttpContext context,
        PasswordChange passwords,
        ErasureRequests requests,
        SessionRevocation sessions,
        NpgsqlDataSource database,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var (asked, errors) = await EraseRequest.ReadAsync(context.Request.Body, ct);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The account was not erased");
        var checkedPassword = await passwords.CheckAsync(context, asked.Password!, ct);
        if (checkedPassword is { Refused: { } turn })
            return SignInRoutes.TooMany(context, turn);
        if (!checkedPassword.HasPassword)
            return TypedResults.Problem(
                PasswordChange.NoPassword,
                statusCode: StatusCodes.Status409Conflict,
                title: "This account has no password"
            );
        if (!checkedPassword.IsRight)
            return InvalidRequest.Problem("password", PasswordChange.Wrong, "The account was not erased");
        var (user, actor) = (SessionPrincipal.Of(context).UserId, SessionPrincipal.ActorOf(context));
        Guid? requested;
        try
        {
            requested = await requests.RequestAsync(user, actor, ct);
        }
        catch (RequestException refused)
        {
            return TypedResults.Problem(refused.Message, statusCode: StatusCodes.Status409Conflict, title: "The account was not erased");
        }
        if (requested is not { } erasure)
            return TypedResults.Problem(
                "Another request has erased the account meanwhile.",
                statusCode: StatusCodes.Status409Conflict,
                title: "The account is erased"
            );
        // What follows can't be taken back, whether or not anybody waits for the answer.
        await sessions.RevokeOfUserAsync(user, actor, SessionEnd.ByOwner);
        var receipt = await WaitAsync(database, erasure, time, ct);
        return receipt.CompletedAt is null ? TypedResults.Accepted($"/api/erasures/{erasure}", receipt) : TypedResults.Ok(receipt);
    }

    private static async Task<Results<Ok<ErasureReceipt>, ValidationProblem, ProblemHttpResult>> FindAsync(
        string id,
        NpgsqlDataSource database,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var erasure = errors.Id("id", id);
        if (errors.Any)
            return errors.ToProblem();
        return await ErasureReceipt.FindAsync(database, erasure!.Value, ct) is { } receipt
            ? TypedResults.Ok(receipt)
            : TypedResults.Problem("There is no erasure with this id.", statusCode: StatusCodes.Status404NotFound, title: "No erasure");
    }

    private static async Task<ErasureReceipt> WaitAsync(NpgsqlDataSource database, Guid erasure, TimeProvider time, CancellationToken ct)
    {
        var begin = time.GetTimestamp();
        while (true)
        {
            var receipt = (await ErasureReceipt.FindAsync(database, erasure, ct))!;
            if (receipt.CompletedAt is not null || time.GetElapsedTime(begin) >= Patience)
                return receipt;
            await Task.Delay(Pause, time, ct);
        }
    }
}
