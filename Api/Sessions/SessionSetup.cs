using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Overnight.Api.Admin;
using Overnight.Core;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>Sign-in by session, and the policies of routes.</summary>
internal static class SessionSetup
{
    public const string Scheme = "Session";

    /// <summary>The scheme of the admin key, and the one that takes the key where it is sent and else the session.</summary>
    private const string AdminKeyScheme = "AdminKey",
        AdminScheme = "AdminKeyOrSession";

    public const string UserRole = "user";
    public const string AdminRole = "admin";

    /// <summary>Set HttpOnly and SameSite=Strict by whoever issues it, so that no other site's page can use it.</summary>
    public const string CookieName = "overnight_session";

    private const string SignedIn = "signed-in",
        Admin = "admin";

    public static void AddSessions(this WebApplicationBuilder builder)
    {
        builder
            .Services.AddSessionReading()
            .AddSingleton<SessionPrefetch>()
            .AddSingleton<SessionActivity>()
            .AddHostedService<SessionActivityLoop>()
            .AddSingleton<SignInLimits>()
            .AddSingleton<SignIn>()
            .AddSingleton<IPasswordHasher<string>, PasswordHasher<string>>()
            .AddSingleton<SessionList>();
        builder.Services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = PasswordRules.Iterations);
        builder.Services.AddSection<SessionOptions>(SessionOptions.Section);
        builder.Services.AddSection<AdminKeyOptions>(AdminKeyOptions.Section);
        builder
            .Services.AddAuthentication(Scheme)
            .AddScheme<AuthenticationSchemeOptions, SessionHandler>(Scheme, null)
            .AddScheme<AuthenticationSchemeOptions, AdminKeyHandler>(AdminKeyScheme, null)
            .AddPolicyScheme(AdminScheme, null, scheme => scheme.ForwardDefaultSelector = SchemeOf);
        builder
            .Services.AddAuthorizationBuilder()
            .AddPolicy(SignedIn, policy => policy.RequireAuthenticatedUser())
            .AddPolicy(Admin, policy => policy.AddAuthenticationSchemes(AdminScheme).RequireAuthenticatedUser().RequireRole(AdminRole));
    }

    /// <summary>For anyone signed in.</summary>
    public static TBuilder ForSignedIn<TBuilder>(this TBuilder routes)
        where TBuilder : IEndpointConventionBuilder =>
        routes
            .RequireAuthorization(SignedIn)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    /// <summary>For administrators alone, and programs with the admin key.</summary>
    public static TBuilder ForAdmins<TBuilder>(this TBuilder routes)
        where TBuilder : IEndpointConventionBuilder =>
        routes
            .RequireAuthorization(Admin)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static string SchemeOf(HttpContext context) =>
        context.Request.Headers.ContainsKey(AdminKeyHandler.Header)
        && context.RequestServices.GetRequiredService<IOptions<AdminKeyOptions>>().Value.IsOn
            ? AdminKeyScheme
            : Scheme;

    public static void UseSessions(this WebApplication app)
    {
        app.UseAuthentication();
        app.UseAuthorization();
    }
}
