using Overnight.Api.Dashboard;
using Overnight.Api.Problems;
using Overnight.Api.Protection;
using Overnight.Api.Sessions;
using Overnight.Core.Json;

namespace Overnight.Api;

/// <summary>What a request passes before it reaches its route, in order.</summary>
internal static class RequestPipeline
{
    public static void AddRequestPipeline(this WebApplicationBuilder builder)
    {
        builder.AddProxies();
        builder.AddLimits();
        builder.Services.AddHsts(static hsts => hsts.MaxAge = TimeSpan.FromDays(365));
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new UtcTime()));
    }

    public static void UseRequestPipeline(this WebApplication app)
    {
        // First, because most requests of a morning end here and need nothing of what follows.
        app.UseCachedDashboard();
        app.UseMiddleware<ResponseHeaders>();
        app.UseForwardedHeaders();
        if (!app.Environment.IsDevelopment())
            app.UseHsts();
        app.UseProblems();
        // Before the session is validated, which may take a query.
        app.UseRateLimiter();
        app.UseRequestTimeouts();
        app.UseMiddleware<ForeignPages>();
        app.UseSessions();
        // After authorisation, because the parameters of a route are not told to clients that may not use it.
        app.UseMiddleware<QueryParameters>();
        app.UseReadRetry();
    }
}
