using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>
/// Lets whoever sends the admin key do what routes for administrators do, and nothing else: there is no user
/// behind it.
/// </summary>
internal sealed class AdminKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> schemes,
    ILoggerFactory logger,
    UrlEncoder encoder,
    IOptions<AdminKeyOptions> options
) : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, logger, encoder)
{
    /// <summary>No form and no link of another site can set it.</summary>
    public const string Header = "X-Overnight-Admin-Key";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers[Header] is not [{ } given] || !options.Value.Is(given))
            return Task.FromResult(AuthenticateResult.NoResult());
        ClaimsIdentity identity = new([new(ClaimTypes.Role, SessionSetup.AdminRole)], Scheme.Name);
        return Task.FromResult(AuthenticateResult.Success(new(new ClaimsPrincipal(identity), Scheme.Name)));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.CacheControl = "no-store";
        return TypedResults
            .Problem(
                $"{Header} is sent once, with the value of Admin:Key.",
                statusCode: StatusCodes.Status401Unauthorized,
                title: "The admin key is wrong"
            )
            .ExecuteAsync(Context);
    }
}
