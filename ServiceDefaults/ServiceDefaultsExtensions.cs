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

/// <summary>Telemetry, health checks, service discovery and resilient HTTP clients, the same for every service.</summary>
public static class ServiceDefaultsExtensions
{
    private const string HealthPath = "/health",
        LivePath = "/alive";

    /// <summary>Pattern of the names of all sources and meters of the product.</summary>
    private const string OurSources = "Overnight.*";

    // These libraries log a line per statement or request at the level Information.
    private static readonly Dictionary<string, string?> LogLevels = new()
    {
        ["Logging:LogLevel:Microsoft.AspNetCore"] = nameof(LogLevel.Warning),
        // The answer says what is wrong with a form, or that it took too long; a line for each would let strangers fill the log.
        ["Logging:LogLevel:Microsoft.AspNetCore.Antiforgery"] = nameof(LogLevel.Error),
        ["Logging:LogLevel:Microsoft.AspNetCore.Http.Timeouts"] = nameof(LogLevel.Error),
        // Form keys that can't be read while PostgreSQL is away are tried again; DatabaseState logs the outage.
        ["Logging:LogLevel:Microsoft.AspNetCore.DataProtection.KeyManagement.KeyRingProvider"] = nameof(LogLevel.Critical),
        // A failed statement throws an exception, which is logged once where it is caught.
        ["Logging:LogLevel:Npgsql"] = nameof(LogLevel.Critical),
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = nameof(LogLevel.Critical),
        // A failed health check is in the answer of the probe; it would also be logged at every probe.
        ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = nameof(LogLevel.Critical),
        // A failure to start is printed by StartupFailure, or by the runtime; the host would log it before that, with stack traces.
        ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = nameof(LogLevel.Critical),
        ["Logging:LogLevel:Polly"] = nameof(LogLevel.Warning),
        // CacheCircuit logs when the cache goes and comes back; the client would log a stack trace for each attempt to connect.
        ["Logging:LogLevel:StackExchange.Redis"] = nameof(LogLevel.Critical),
    };

    /// <summary>
    /// Adds telemetry, health checks, service discovery and the defaults of HTTP clients. <see cref="StoreExtensions"/> adds the stores.
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        // The lowest precedence, so that any configured level overrides these.
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
    /// Maps <c>/health</c> (ready) and <c>/alive</c> (live), in every environment, because orchestrators probe them in production. They
    /// reveal only the status and the names of failed checks.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapHealthChecks(HealthPath, new() { ResponseWriter = Readiness.WriteAsync })
            .AllowAnonymous()
            .DisableRateLimiting()
            .DisableHttpMetrics();
        app.MapHealthChecks(LivePath, new() { Predicate = check => check.Tags.Contains(Readiness.Live) })
            .AllowAnonymous()
            .DisableRateLimiting()
            .DisableHttpMetrics();
        return app;
    }

    /// <summary>
    /// Exports traces, metrics and logs to the address in OTEL_EXPORTER_OTLP_ENDPOINT; without one no telemetry is recorded.
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
                    // Aspire configures a sampler for all traces; this one leaves out those whose caller marked them as not recorded, as
                    // polls do.
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
