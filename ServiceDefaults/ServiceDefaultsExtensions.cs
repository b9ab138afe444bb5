using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Overnight.ServiceDefaults;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every service of Overnight has: telemetry, and health that says whether this node is of use.</summary>
public static class ServiceDefaultsExtensions
{
    private const string Live = "live";

    /// <summary>Adds telemetry and health checks. Connections add themselves to both.</summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        Telemetry.Add(builder);
        HttpClientDefaults.Add(builder);
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [Live]);
        builder.Services.PostConfigure<HealthCheckServiceOptions>(Readiness.BoundStores);
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (ready) and <c>/alive</c> (live), in every environment: an orchestrator asks them in production too, and they say
    /// nothing but a word and which part is down. Neither is traced.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapHealthChecks("/health", new() { ResponseWriter = Readiness.WriteAsync }).Untraced().DisableHttpMetrics();
        app.MapHealthChecks("/alive", new() { Predicate = check => check.Tags.Contains(Live) }).Untraced().DisableHttpMetrics();
        return app;
    }

    private static IEndpointConventionBuilder Untraced(this IEndpointConventionBuilder endpoint)
    {
        endpoint.Add(built =>
        {
            var inner = built.RequestDelegate!;
            built.RequestDelegate = context =>
            {
                Telemetry.DropCurrentSpan();
                return inner(context);
            };
        });
        return endpoint;
    }
}
