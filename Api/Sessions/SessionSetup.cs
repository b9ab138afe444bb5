using Microsoft.AspNetCore.Authentication;

namespace Overnight.Api.Sessions;

/// <summary>Sign-in by session, and the policies that route groups name.</summary>
internal static class SessionSetup
{
    public const string Scheme = "Session";
    public const string UserRole = "user";
    public const string AdminRole = "admin";

    /// <summary>Set HttpOnly and SameSite=Strict by whoever issues it, so that no other site's page can use it.</summary>
    public const string CookieName = "overnight_session";

    /// <summary>Policy: anyone signed in.</summary>
    public const string SignedIn = "signed-in";

    /// <summary>Policy: administrators.</summary>
    public const string Admin = "admin";

    public static void AddSessions(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<SessionStore>().AddSingleton<SessionOwners>();
        builder.Services.AddAuthentication(Scheme).AddScheme<AuthenticationSchemeOptions, SessionHandler>(Scheme, null);
        builder.Services.AddAuthorizationBuilder()
            .AddPolicy(SignedIn, policy => policy.RequireAuthenticatedUser())
            .AddPolicy(Admin, policy => policy.RequireAuthenticatedUser().RequireRole(AdminRole));
    }

    public static void UseSessions(this WebApplication app)
    {
        app.UseAuthentication();
        app.UseAuthorization();
    }
}
