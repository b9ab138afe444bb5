using Overnight.Api.Dashboard;
using Overnight.Api.Problems;
using Overnight.Api.Protection;
using Overnight.Api.Sessions;
using Overnight.Core.Json;

namespace Overnight.Api;

/// <summary>The middleware in front of the routes, in order.</summary>
internal static class MiddlewarePipeline
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
        // First, because all that follows asks for the client's address and scheme. It does nothing without configured proxies.
        app.UseForwardedHeaders();
        if (!app.Environment.IsDevelopment())
            app.UseHsts();
        // Before the others, because it answers most requests of a morning.
        app.UseCachedDashboard();
        app.UseMiddleware<ResponseHeaders>();
        app.UseProblems();
        // Before sessions are validated, because that may take a query.
        app.UseRateLimiter();
        app.UseRequestTimeouts();
        app.UseMiddleware<ForeignPages>();
        app.UseSessions();
        // After authorisation, because its errors list the route's parameters, which only clients with access may see.
        app.UseMiddleware<QueryParameters>();
        app.UseReadRetry();
    }
}
