using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Overnight.Api.Pages;
using Overnight.Core.Data;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>Set on a request whose session is not in the cache, so that it is not looked up there again.</summary>
internal sealed record SessionCacheMiss
{
    public static readonly SessionCacheMiss Instance = new();
}

/// <summary>
/// Authenticates programs by <c>Authorization: Bearer</c> and pages by the cookie. A request with neither is not looked up.
/// </summary>
internal sealed class SessionHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    SessionReader sessions,
    TokenOwners owners,
    SessionCookie cookies
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    private const string Bearer = "Bearer ";
    private SessionRefusal _refusal = SessionRefusal.Missing;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.GetEndpoint()?.Metadata.GetMetadata<WithoutSession>() is not null || !TryGetToken(Context, cookies, out var token))
            return AuthenticateResult.NoResult();
        if (!SessionToken.TryHash(token, out var hash))
        {
            _refusal = SessionRefusal.Malformed;
            return AuthenticateResult.NoResult();
        }

        SessionLookup lookup;
        try
        {
            var finding = sessions.FindAsync(hash, Context.Features.Get<SessionCacheMiss>() is not null, Context.RequestAborted);
            lookup = IsKnownEnough(hash) ? await finding.AsTask().WaitAsync(AllowDuringOutage.Patience, TimeProvider) : await finding;
        }
        catch (Exception exception) when ((exception is TimeoutException || DatabaseOutage.Is(exception)) && IsKnownEnough(hash))
        {
            // Neither PostgreSQL nor the cache answers, and the route is marked with AllowDuringOutage.
            return AuthenticateResult.Success(new(AllowDuringOutage.Somebody(Scheme.Name), Scheme.Name));
        }
        _refusal = lookup.Refusal;
        if (lookup.Session is not { } session)
        {
            owners.Forget(hash);
            return AuthenticateResult.NoResult();
        }
        owners.Remember(hash, session.UserId, session.ExpiresAt).Use(TimeProvider.GetUtcNow());
        return AuthenticateResult.Success(new(new SessionPrincipal(session, hash), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (Request.WantsHtml())
        {
            Response.Redirect(HtmlRequests.SignInAddress(Request));
            return Task.CompletedTask;
        }
        // RFC 6750, 3.1: no error code when the request has no token.
        Response.Headers.WWWAuthenticate = _refusal == SessionRefusal.Missing ? "Bearer" : "Bearer error=\"invalid_token\"";
        var (title, detail) = _refusal switch
        {
            SessionRefusal.Malformed => (
                "The session token is malformed",
                "A token is 43 characters of A-Z, a-z, 0-9, - and _, sent as: Authorization: Bearer <token>"
            ),
            SessionRefusal.Unknown => ("The session token is unknown", "No session has this token. Sign in again."),
            SessionRefusal.Expired => ("The session has expired", "It reached its age, or was not used for too long. Sign in again."),
            SessionRefusal.Revoked => (
                "The session was revoked",
                "It was signed out, or ended from another session or by an administrator. Sign in again."
            ),
            SessionRefusal.AccountClosed => ("The account is closed", "Its sessions are no longer accepted."),
            _ => ("A session token is missing", "Send it as: Authorization: Bearer <token>"),
        };
        return TypedResults.Problem(detail, statusCode: StatusCodes.Status401Unauthorized, title: title).ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        TypedResults
            .Problem("This is for administrators.", statusCode: StatusCodes.Status403Forbidden, title: "Not allowed")
            .ExecuteAsync(Context);

    private bool IsKnownEnough(string hash) =>
        Context.GetEndpoint()?.Metadata.GetMetadata<AllowDuringOutage>() is not null && owners.WasValid(hash, TimeProvider.GetUtcNow());

    /// <summary>Whether the request brings a token, of whatever form.</summary>
    internal static bool TryGetToken(HttpContext context, SessionCookie cookies, out string token)
    {
        var authorization = context.Request.Headers.Authorization;
        if (authorization.Count > 0)
        {
            // The header takes precedence, so that a cookie can't replace a wrong token. Another scheme, or two headers, counts as a
            // malformed token.
            var value = authorization.Count == 1 ? authorization[0] : null;
            token = value is not null && value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? value[Bearer.Length..] : "";
            return true;
        }
        return cookies.TryRead(context, out token);
    }
}
