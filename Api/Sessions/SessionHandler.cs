using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>
/// Signs in by <c>Authorization: Bearer</c> for programs, else by the cookie for pages. A request that brings neither
/// costs nothing here.
/// </summary>
internal sealed class SessionHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, SessionStore sessions, SessionOwners owners, SessionActivity activity)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    private const string Bearer = "Bearer ";
    private SessionRefusal _refusal = SessionRefusal.Missing;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!TryGetToken(out var token)) return AuthenticateResult.NoResult();
        if (!SessionToken.TryHash(token, out var hash))
        {
            _refusal = SessionRefusal.Malformed;
            return AuthenticateResult.NoResult();
        }

        // Not awaited yet: what the route reads for this user goes out right behind it.
        var finding = sessions.FindAsync(hash, Context.RequestAborted);
        var guessed = owners.TryGuess(hash, out var owner);
        if (guessed && Context.GetEndpoint()?.Metadata.GetMetadata<EarlyRead>() is { } early) early.Begin(Context, owner);

        var lookup = await finding;
        _refusal = lookup.Refusal;
        if (lookup.Session is not { } session) return AuthenticateResult.NoResult();
        if (!guessed) owners.Remember(hash, session.UserId);
        activity.Note(hash);
        return AuthenticateResult.Success(new(new SessionPrincipal(session, hash), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        // RFC 6750, 3.1: no error code when the request brought nothing to be wrong.
        Response.Headers.WWWAuthenticate = _refusal == SessionRefusal.Missing ? "Bearer" : "Bearer error=\"invalid_token\"";
        Response.Headers.CacheControl = "no-store";
        var (title, detail) = _refusal switch
        {
            SessionRefusal.Malformed => ("The session token is malformed", "A token is 43 characters of A-Z, a-z, 0-9, - and _, sent as: Authorization: Bearer <token>"),
            SessionRefusal.Unknown => ("The session token is unknown", "No session has this token. Sign in again."),
            SessionRefusal.Expired => ("The session has expired", "Sign in again."),
            SessionRefusal.Revoked => ("The session was revoked", "It was signed out or ended by an administrator. Sign in again."),
            SessionRefusal.AccountClosed => ("The account is closed", "Its sessions are no longer accepted."),
            _ => ("A session token is missing", "Send it as: Authorization: Bearer <token>"),
        };
        return TypedResults.Problem(detail, statusCode: StatusCodes.Status401Unauthorized, title: title).ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        TypedResults.Problem("This is for administrators.", statusCode: StatusCodes.Status403Forbidden, title: "Not allowed").ExecuteAsync(Context);

    private bool TryGetToken(out string token)
    {
        var authorization = Request.Headers.Authorization;
        if (authorization.Count > 0)
        {
            // A header that is there decides, or a cookie could answer for a wrong token. Another scheme, or two headers,
            // is a malformed one.
            var value = authorization.Count == 1 ? authorization[0] : null;
            token = value is not null && value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? value[Bearer.Length..] : "";
            return true;
        }
        if (Request.Headers.Cookie.Count > 0 && Request.Cookies.TryGetValue(SessionSetup.CookieName, out var cookie))
        {
            token = cookie;
            return true;
        }
        token = "";
        return false;
    }
}
