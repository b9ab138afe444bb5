// The names of OpenTelemetry.Extensions.Hosting and of the Instrumentation packages that Overnight uses: .NET's own sources and meters
// carry what those packages once added.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Microsoft.Extensions.DependencyInjection
{
    public static class OpenTelemetryServicesExtensions
    {
        public static OpenTelemetry.OpenTelemetryBuilder AddOpenTelemetry(this IServiceCollection services)
        {
            ArgumentNullException.ThrowIfNull(services);
            if (!services.Any(service => service.ImplementationType == typeof(OpenTelemetry.TelemetryHostedService)))
            {
                // Before all others, so that what they do at start is seen.
                services.Insert(0, ServiceDescriptor.Singleton<IHostedService, OpenTelemetry.TelemetryHostedService>());
            }
            return new(services);
        }
    }
}

namespace OpenTelemetry
{
    public sealed class OpenTelemetryBuilder : IOpenTelemetryBuilder
    {
        internal OpenTelemetryBuilder(IServiceCollection services) => Services = services;

        public IServiceCollection Services { get; }
    }

    internal sealed class TelemetryHostedService(IServiceProvider services) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            // Resolving is what builds them, and from then on they listen.
            _ = services.GetService<MeterProvider>();
            _ = services.GetService<TracerProvider>();
            _ = services.GetService<LoggerProvider>();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

namespace OpenTelemetry.Trace
{
    public static class AspNetCoreInstrumentationTracerProviderBuilderExtensions
    {
        public static TracerProviderBuilder AddAspNetCoreInstrumentation(this TracerProviderBuilder builder)
        {
            // ASP.NET Core leaves the HTTP attributes to an instrumentation package unless told otherwise.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
            return builder.AddSource("Microsoft.AspNetCore");
        }
    }

    public static class HttpClientInstrumentationTracerProviderBuilderExtensions
    {
        public static TracerProviderBuilder AddHttpClientInstrumentation(this TracerProviderBuilder builder) =>
            builder.AddSource("System.Net.Http");
    }
}

namespace OpenTelemetry.Metrics
{
    public static class AspNetCoreInstrumentationMeterProviderBuilderExtensions
    {
        public static MeterProviderBuilder AddAspNetCoreInstrumentation(this MeterProviderBuilder builder) =>
            builder.AddMeter(
                "Microsoft.AspNetCore.Hosting",
                "Microsoft.AspNetCore.Server.Kestrel",
                "Microsoft.AspNetCore.Routing",
                "Microsoft.AspNetCore.Diagnostics",
                "Microsoft.AspNetCore.RateLimiting"
            );
    }

    public static class HttpClientInstrumentationMeterProviderBuilderExtensions
    {
        public static MeterProviderBuilder AddHttpClientInstrumentation(this MeterProviderBuilder builder) =>
            builder.AddMeter("System.Net.Http", "System.Net.NameResolution");
    }

    public static class RuntimeInstrumentationMeterProviderBuilderExtensions
    {
        public static MeterProviderBuilder AddRuntimeInstrumentation(this MeterProviderBuilder builder) =>
            builder.AddMeter("System.Runtime");
    }
}
