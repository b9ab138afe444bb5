using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Overnight.ServiceDefaults;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every service has: telemetry, health, service discovery and resilient HTTP clients.</summary>
public static class ServiceDefaultsExtensions
{
    private const string HealthPath = "/health",
        LivePath = "/alive";

    /// <summary>Every source and meter of the product is named so.</summary>
    private const string OurSources = "Overnight.*";

    // A line per statement would be a line per batch and request.
    private static readonly Dictionary<string, string?> LogLevels = new()
    {
        ["Logging:LogLevel:Microsoft.AspNetCore"] = nameof(LogLevel.Warning),
        // A failed statement comes back as an exception, and is told once by whoever catches it.
        ["Logging:LogLevel:Npgsql"] = nameof(LogLevel.Critical),
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = nameof(LogLevel.Critical),
        // Whoever asks for the health of a node has the answer; each probe's would be a warning.
        ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = nameof(LogLevel.Critical),
        ["Logging:LogLevel:Polly"] = nameof(LogLevel.Warning),
        // Our own circuit tells when the cache goes and comes; its client would with a stack trace for each try.
        ["Logging:LogLevel:StackExchange.Redis"] = nameof(LogLevel.Critical),
    };

    /// <summary>
    /// Adds telemetry, health checks, service discovery and the defaults of HTTP clients. Stores add themselves to the first two.
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        // Below every other source, so that any configuration wins.
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = LogLevels });
        builder.ConfigureOpenTelemetry();
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [Readiness.Live]);
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddStandardResilienceHandler();
            http.AddServiceDiscovery();
        });
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (ready) and <c>/alive</c> (live), in every environment: an orchestrator asks them in production too, and
    /// they say
    /// nothing but a word and which part is down.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapHealthChecks(HealthPath, new() { ResponseWriter = Readiness.WriteAsync }).DisableHttpMetrics();
        app.MapHealthChecks(LivePath, new() { Predicate = check => check.Tags.Contains(Readiness.Live) }).DisableHttpMetrics();
        return app;
    }

    /// <summary>
    /// Sends traces, metrics and logs to where OTEL_EXPORTER_OTLP_ENDPOINT says. When it says nothing, nothing is made and nothing
    /// listens.
    /// </summary>
    private static void ConfigureOpenTelemetry(this IHostApplicationBuilder builder)
    {
        if (!builder.ExportsTelemetry())
            return;

        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });
        builder
            .Services.AddOpenTelemetry()
            .ConfigureResource(resource =>
            {
                if (string.IsNullOrEmpty(builder.Configuration["OTEL_SERVICE_NAME"]))
                    resource.AddService(builder.Environment.ApplicationName);
            })
            .WithMetrics(metrics =>
                metrics.AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddRuntimeInstrumentation().AddMeter(OurSources)
            )
            .WithTracing(tracing =>
                tracing
                    // Aspire asks for every trace, also those whose caller says that it is not to be recorded, as a poll does.
                    .SetSampler(new ParentBasedSampler(new AlwaysOnSampler()))
                    .AddSource(OurSources)
                    .AddAspNetCoreInstrumentation(options => options.Filter = static context => !IsProbe(context.Request.Path))
                    .AddHttpClientInstrumentation()
            )
            .UseOtlpExporter();
    }

    internal static bool ExportsTelemetry(this IHostApplicationBuilder builder) =>
        !string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);

    private static bool IsProbe(PathString path) => path.Value is HealthPath or LivePath;
}
