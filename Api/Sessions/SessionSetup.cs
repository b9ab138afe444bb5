using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>Sign-in by session, and the policies that route groups name.</summary>
internal static class SessionSetup
{
    public const string Scheme = "Session";

    /// <summary>The scheme of the admin key, and the one that uses the key when it is sent and the session otherwise.</summary>
    private const string AdminKeyScheme = "AdminKey",
        AdminScheme = "AdminKeyOrSession";

    public const string UserRole = "user";
    public const string AdminRole = "admin";

    /// <summary>Policy: anyone signed in.</summary>
    public const string SignedIn = "signed-in";

    /// <summary>Policy: anyone signed in, and programs with the admin key.</summary>
    public const string SignedInOrKey = "signed-in-or-key";

    /// <summary>Policy: administrators, and programs with the admin key.</summary>
    public const string Admin = "admin";

    public static void AddSessions(this WebApplicationBuilder builder)
    {
        builder
            .Services.AddSessionReading()
            .AddReader<TokenOwners>()
            .AddSingleton<SessionActivityWriter>()
            .AddHostedService<SessionActivityLoop>()
            .AddSingleton<SignInLimits>()
            .AddSingleton<SignIn>()
            .AddSingleton<LimitedSignIn>()
            .AddSingleton<PasswordChange>()
            .AddSingleton<SessionCookie>()
            .AddSingleton<IPasswordHasher<string>, PasswordHasher<string>>()
            .AddSingleton<SessionList>();
        builder.Services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = PasswordRules.Iterations);
        builder.Services.AddSection<AdminKeyOptions>(AdminKeyOptions.Section);
        builder
            .Services.AddAuthentication(Scheme)
            .AddScheme<AuthenticationSchemeOptions, SessionHandler>(Scheme, null)
            .AddScheme<AuthenticationSchemeOptions, AdminKeyHandler>(AdminKeyScheme, null)
            .AddPolicyScheme(AdminScheme, null, scheme => scheme.ForwardDefaultSelector = SchemeOf);
        builder
            .Services.AddAuthorizationBuilder()
            .SetFallbackPolicy(ForNobody)
            .AddPolicy(SignedIn, policy => policy.RequireAuthenticatedUser())
            .AddPolicy(SignedInOrKey, policy => policy.AddAuthenticationSchemes(AdminScheme).RequireAuthenticatedUser())
            .AddPolicy(Admin, policy => policy.AddAuthenticationSchemes(AdminScheme).RequireAuthenticatedUser().RequireRole(AdminRole));
    }

    /// <summary>
    /// Refuses every request of a route without a policy, because its policy was forgotten; public routes declare AllowAnonymous. Requests
    /// without a route pass, so that anybody gets their 404 or 405.
    /// </summary>
    private static readonly AuthorizationPolicy ForNobody = new AuthorizationPolicyBuilder()
        .RequireAssertion(static context => context.Resource is not HttpContext http || http.GetEndpoint() is not RouteEndpoint)
        .Build();

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
