using Overnight.Api.Account;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Sessions;
using Overnight.Core.Sessions;

namespace Overnight.Api.Pages.Account;

/// <summary>The page on which users erase themselves.</summary>
/// <param name="Failed">Why nothing was erased, where it is not the field's fault.</param>
/// <param name="Errors">Of the form, by field.</param>
public sealed record EraseViewModel(string Email, bool HasPassword, string? Failed, IDictionary<string, string[]> Errors);

/// <summary>Says what erasing an account does, asks for the password, and shows the receipt.</summary>
internal static class ErasePageRoutes
{
    public static void MapErasePages(this WebApplication app, RouteGroupBuilder forms)
    {
        app.MapGet(PagePaths.Erase, ShowAsync).RequireAuthorization(SessionSetup.SignedIn).ExcludeFromDescription();
        // SignInLimits limits this route.
        forms.MapPost(PagePaths.Erase, EraseAsync).RequireAuthorization(SessionSetup.SignedIn).DisableRateLimiting();
    }

    private static Task<IResult> ShowAsync(HttpContext context, PasswordStore passwords, PageFrames frames, CancellationToken ct) =>
        PageAsync(context, passwords, frames, null, [], StatusCodes.Status200OK, ct);

    private static async Task<IResult> EraseAsync(
        HttpContext context,
        OwnErasure erasure,
        PasswordStore passwords,
        PageFrames frames,
        SessionCookie cookies,
        CancellationToken ct
    )
    {
        var (asked, errors) = EraseRequest.Of(await context.Request.ReadFormAsync(ct));
        if (errors.Count > 0)
            return await AgainAsync(null, StatusCodes.Status400BadRequest);
        var answer = await erasure.TryAsync(context, asked.Password!, ct);
        if (answer.Receipt is { } receipt)
        {
            cookies.Delete(context);
            // Nobody is signed in any more, and the token of the form was of the session.
            var frame = frames.Of(context) with { IsSignedIn = false, IsAdmin = false, Token = null };
            return new PageResult<ErasedPage>(frame, receipt);
        }
        if (answer.Refused is { } turn)
        {
            var problem = SignInRoutes.TooMany(context, turn);
            return await AgainAsync(problem.ProblemDetails.Detail, problem.StatusCode);
        }
        if (answer.Detail is { } why)
            return await AgainAsync(why, StatusCodes.Status409Conflict);
        errors[EraseRequest.Field] = [PasswordChange.Wrong];
        return await AgainAsync(null, StatusCodes.Status400BadRequest);

        Task<IResult> AgainAsync(string? failed, int status) => PageAsync(context, passwords, frames, failed, errors, status, ct);
    }

    private static async Task<IResult> PageAsync(
        HttpContext context,
        PasswordStore passwords,
        PageFrames frames,
        string? failed,
        Dictionary<string, string[]> errors,
        int status,
        CancellationToken ct
    )
    {
        var (email, stored) = await passwords.FindAsync(SessionPrincipal.Of(context).UserId, ct);
        return new PageResult<ErasePage>(frames.Of(context), new EraseViewModel(email, stored is not null, failed, errors), status);
    }
}
