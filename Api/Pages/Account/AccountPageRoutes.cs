using Overnight.Api.Audit;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Paging;
using Overnight.Api.Sessions;
using Overnight.Core.Sessions;

namespace Overnight.Api.Pages.Account;

/// <summary>The signed-in user's account: sessions, password, who read the results, the export, and how pages look.</summary>
internal static class AccountPageRoutes
{
    /// <summary>Field of the page that the API does not have: the new password typed a second time.</summary>
    internal const string Again = "newPasswordAgain";

    public static void MapAccountPages(this WebApplication app, RouteGroupBuilder forms)
    {
        app.MapGet(PagePaths.Account, ShowAsync).RequireAuthorization(SessionSetup.SignedIn).ExcludeFromDescription();
        var own = forms.MapGroup("").RequireAuthorization(SessionSetup.SignedIn);
        // SignInLimits limits this route.
        own.MapPost(PagePaths.Password, ChangePasswordAsync).DisableRateLimiting();
        own.MapPost(PagePaths.EndSession, EndSessionAsync);
        own.MapPost(PagePaths.EndOtherSessions, EndOtherSessionsAsync);
    }

    private static async Task<IResult> ShowAsync(
        string? sessions,
        string? reads,
        string? done,
        HttpContext context,
        AccountViewModelBuilder views,
        PageFrames frames,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var afterSession = PageQuery<SessionCursor>.Read(null, sessions, errors).After;
        var afterRead = PageQuery<ReadCursor>.Read(null, reads, errors).After;
        return errors.Any
            ? errors.ToProblem()
            : Page(frames, context, await views.ReadAsync(context, afterSession, afterRead, new(AccountViewModelBuilder.Known(done)), ct));
    }

    private static async Task<IResult> ChangePasswordAsync(
        HttpContext context,
        PasswordChange change,
        AccountViewModelBuilder views,
        PageFrames frames,
        CancellationToken ct
    )
    {
        var form = await context.Request.ReadFormAsync(ct);
        var (asked, errors) = PasswordChangeRequest.Of(form);
        // Nobody can read what was typed, so a slip would lock the user out.
        if (errors.Count == 0 && form[Again] != asked.NewPassword)
            errors[Again] = ["is not the same as the new one"];
        if (errors.Count > 0)
            return await WrongAsync(errors);
        var answer = await change.TryAsync(context, asked, ct);
        if (answer.Changed is not null)
            return FormRoutes.GoTo($"{PagePaths.Account}?done={AccountViewModelBuilder.PasswordDone}");
        if (answer.Refused is { } turn)
        {
            var problem = SignInRoutes.TooMany(context, turn);
            return await AgainAsync(new(Failed: problem.ProblemDetails.Detail), problem.StatusCode);
        }
        if (!answer.HasPassword)
            return await AgainAsync(new(Failed: PasswordChange.NoPassword), StatusCodes.Status409Conflict);
        errors[PasswordChange.CurrentField] = [PasswordChange.Wrong];
        return await WrongAsync(errors);

        Task<IResult> WrongAsync(Dictionary<string, string[]> wrong) => AgainAsync(new(Errors: wrong), StatusCodes.Status400BadRequest);

        async Task<IResult> AgainAsync(AccountOutcome outcome, int status) =>
            Page(frames, context, await views.ReadAsync(context, null, null, outcome, ct), status);
    }

    private static async Task<IResult> EndSessionAsync(
        HttpContext context,
        SessionRevocation revocation,
        SessionCookie cookies,
        CancellationToken ct
    )
    {
        var id = $"{(await context.Request.ReadFormAsync(ct))["id"]}";
        if (!SessionIds.IsId(id))
            return SessionIds.Problem(id);
        var ended = await revocation.RevokeAsync(
            id,
            SessionPrincipal.ActorOf(context),
            SessionEnd.ByOwner,
            owner: SessionPrincipal.Of(context).UserId
        );
        if (ended is null)
            return SessionIds.NotFound(id);
        if (id != SessionPrincipal.HashOf(context))
            return FormRoutes.GoTo($"{PagePaths.Account}?done={AccountViewModelBuilder.SessionDone}");
        cookies.Delete(context);
        return FormRoutes.GoTo(PagePaths.Home);
    }

    private static async Task<IResult> EndOtherSessionsAsync(HttpContext context, SessionRevocation revocation)
    {
        await revocation.RevokeOfUserAsync(
            SessionPrincipal.Of(context).UserId,
            SessionPrincipal.ActorOf(context),
            SessionEnd.ByOwner,
            except: SessionPrincipal.HashOf(context)
        );
        return FormRoutes.GoTo($"{PagePaths.Account}?done={AccountViewModelBuilder.OthersDone}");
    }

    private static PageResult<AccountPage> Page(
        PageFrames frames,
        HttpContext context,
        AccountViewModel view,
        int status = StatusCodes.Status200OK
    ) => new(frames.Of(context), view, status);
}
