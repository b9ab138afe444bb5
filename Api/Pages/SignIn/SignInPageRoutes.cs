using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Sessions;

namespace Overnight.Api.Pages.SignIn;

/// <summary>The first page, which signs in or leads to the dashboard, and its forms.</summary>
internal static class SignInPageRoutes
{
    public static void MapSignInPages(this WebApplication app, RouteGroupBuilder forms)
    {
        app.MapGet(PagePaths.Home, Show).AllowAnonymous().DisableRateLimiting().ExcludeFromDescription();
        // SignInLimits limits this route.
        forms.MapPost(PagePaths.SignIn, SignInAsync).AllowAnonymous().DisableRateLimiting();
        forms.MapPost(PagePaths.SignOut, SignOutAsync).RequireAuthorization(SessionSetup.SignedIn);
        if (app.Environment.IsDevelopment())
            forms.MapPost(PagePaths.DemoSignIn, DemoAsync).AllowAnonymous();
    }

    private static IResult Show(HttpContext context, string? @return, PageFrames frames, SessionCookie cookies) =>
        context.User is SessionPrincipal
            ? FormRoutes.GoTo(HtmlRequests.LocalOr(@return, PagePaths.Dashboard))
            : Page(context, frames, cookies, @return);

    private static async Task<IResult> SignInAsync(
        HttpContext context,
        LimitedSignIn attempt,
        PageFrames frames,
        SessionCookie cookies,
        CancellationToken ct
    )
    {
        var form = await context.Request.ReadFormAsync(ct);
        var (email, password, back) = ($"{form["email"]}", $"{form["password"]}", $"{form[HtmlRequests.Return]}");
        if (cookies.NameFor(context) is null)
            return Page(context, frames, cookies, back, status: StatusCodes.Status403Forbidden);
        if (!EmailAddress.TryNormalise(email, out var address))
            return Again($"'{DisplayText.Short(email)}' is no e-mail address.", StatusCodes.Status400BadRequest);
        if (password.Length is 0 or > PasswordRules.Most)
            return Again($"A password has 1 to {PasswordRules.Most} characters.", StatusCodes.Status400BadRequest);

        var (session, refused) = await attempt.TryAsync(context, address, password, ct);
        if (refused is not null)
        {
            var problem = SignInRoutes.TooMany(context, refused);
            return Again(problem.ProblemDetails.Detail!, problem.StatusCode);
        }
        if (session is null)
            return Again("The e-mail address or the password is wrong, or the account is closed.", StatusCodes.Status401Unauthorized);
        cookies.Set(context, session);
        return FormRoutes.GoTo(HtmlRequests.LocalOr(back, PagePaths.Dashboard));

        PageResult<SignInPage> Again(string error, int status) =>
            Page(context, frames, cookies, back, DisplayText.Short(email), error, status);
    }

    private static async Task<RedirectHttpResult> SignOutAsync(HttpContext context, SessionRevocation revocation, SessionCookie cookies)
    {
        await revocation.RevokeAsync(SessionPrincipal.HashOf(context), SessionPrincipal.ActorOf(context), SessionEnd.SignedOut);
        cookies.Delete(context);
        return FormRoutes.GoTo(PagePaths.Home);
    }

    private static async Task<IResult> DemoAsync(
        HttpContext context,
        DemoSignIn demo,
        LimitedSignIn attempt,
        PageFrames frames,
        SessionCookie cookies,
        CancellationToken ct
    )
    {
        var form = await context.Request.ReadFormAsync(ct);
        var (account, back) = ($"{form["account"]}", $"{form[HtmlRequests.Return]}");
        if (!cookies.IsDevelopmentHere(context))
            return Page(context, frames, cookies, back, status: StatusCodes.Status403Forbidden);
        if (account is not ("user" or "admin"))
            return InvalidRequest.Problem(
                "account",
                $"must be user or admin, and is '{DisplayText.Short(account)}'",
                "The sign-in is not valid"
            );
        var origin = SessionOrigin.From(context.Connection.RemoteIpAddress, context.Request.Headers.UserAgent);
        if (await demo.TryAsync(account == "admin" ? DemoEmails.Admin : DemoEmails.User, origin, ct) is not { } session)
        {
            return Page(
                context,
                frames,
                cookies,
                back,
                error: "The demo account is not there: the demo data is made at the first start (or by jobs seed), and a ban closes it.",
                status: StatusCodes.Status404NotFound
            );
        }
        await attempt.ReplaceAsync(context, session.User);
        cookies.Set(context, session);
        return FormRoutes.GoTo(HtmlRequests.LocalOr(back, PagePaths.Dashboard));
    }

    private static PageResult<SignInPage> Page(
        HttpContext context,
        PageFrames frames,
        SessionCookie cookies,
        string? back,
        string email = "",
        string? error = null,
        int status = StatusCodes.Status200OK
    ) =>
        new(
            frames.Of(context),
            new SignInViewModel(
                HtmlRequests.LocalOr(back, PagePaths.Dashboard),
                email,
                error,
                cookies.NameFor(context) is null ? SessionCookie.NeedsHttps : null,
                cookies.IsDevelopmentHere(context)
            ),
            status
        );
}
