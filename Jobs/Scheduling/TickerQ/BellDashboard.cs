using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overnight.Core.Sessions;
using TickerQ.Dashboard.DependencyInjection;
using TickerQ.Utilities;
using TickerQ.Utilities.Entities;

namespace Overnight.Jobs.Scheduling;

/// <summary>TickerQ's pages, for whoever has the admin key. Where none is configured they are not there.</summary>
internal static class BellDashboard
{
    private const string BasePath = "/tickerq",
        Policy = "admin";

    public static TickerOptionsBuilder<TimeTickerEntity, CronTickerEntity> AddGuardedDashboard(
        this TickerOptionsBuilder<TimeTickerEntity, CronTickerEntity> options,
        IHostApplicationBuilder builder
    )
    {
        if (string.IsNullOrEmpty(builder.Configuration[$"{AdminKeyOptions.Section}:{nameof(AdminKeyOptions.Key)}"]))
            return options;

        builder.Services.AddSingleton<IValidateOptions<AdminKeyOptions>, AdminKeyOptionsValidator>();
        builder.Services.AddOptions<AdminKeyOptions>().BindConfiguration(AdminKeyOptions.Section).ValidateOnStart();
        builder
            .Services.AddAuthentication(BasicKeyHandler.Name)
            .AddScheme<AuthenticationSchemeOptions, BasicKeyHandler>(BasicKeyHandler.Name, null);
        builder.Services.AddAuthorizationBuilder().AddPolicy(Policy, policy => policy.RequireRole(BasicKeyHandler.Role));
        return options.AddDashboard(dashboard =>
        {
            dashboard.SetBasePath(BasePath);
            dashboard.WithHostAuthentication(Policy);
            // TickerQ's own lets every site in, with credentials.
            dashboard.SetCorsPolicy(_ => { });
            // TickerQ asks for the policy at its data alone; this way the browser asks for the key first, and nothing is open.
            dashboard.PreDashboardMiddleware = pages => pages.Use(RequireKeyAsync);
        });
    }

    private static async Task RequireKeyAsync(HttpContext context, RequestDelegate next)
    {
        var allowed = await context.RequestServices.GetRequiredService<IAuthorizationService>().AuthorizeAsync(context.User, Policy);
        if (allowed.Succeeded)
            await next(context);
        else
            await context.ChallengeAsync();
    }
}

/// <summary>Takes the admin key as the password of HTTP Basic, under any name: all that a browser sends with pages which bring no sign-in of their own.</summary>
internal sealed class BasicKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> schemes,
    ILoggerFactory logger,
    UrlEncoder encoder,
    IOptions<AdminKeyOptions> options
) : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, logger, encoder)
{
    public const string Name = "Basic",
        Role = "admin";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!IsOwnPage() || Password() is not { } given || !options.Value.Is(given))
            return Task.FromResult(AuthenticateResult.NoResult());
        ClaimsIdentity identity = new([new(ClaimTypes.Name, "admin"), new(ClaimTypes.Role, Role)], Name);
        return Task.FromResult(AuthenticateResult.Success(new(new ClaimsPrincipal(identity), Name)));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = "Basic realm=\"Overnight, password: Admin:Key\", charset=\"UTF-8\"";
        Response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    // A browser sends what it once was told with other sites' forms and sockets, too, but says whose they are.
    private bool IsOwnPage() =>
        Request.Headers.Origin.Count == 0
        || Uri.TryCreate(Request.Headers.Origin, UriKind.Absolute, out var origin)
            && string.Equals(origin.Authority, Request.Host.Value, StringComparison.OrdinalIgnoreCase);

    private string? Password()
    {
        if (
            !AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var sent)
            || !string.Equals(sent.Scheme, Name, StringComparison.OrdinalIgnoreCase)
        )
            return null;
        var bytes = new byte[sent.Parameter?.Length ?? 0];
        if (!Convert.TryFromBase64String(sent.Parameter ?? "", bytes, out var length))
            return null;
        // A name has no colon, a password may.
        return Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is [_, var password] ? password : null;
    }
}
