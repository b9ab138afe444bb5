using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Trace;
using TickerQ.DependencyInjection;
using TickerQ.Instrumentation.OpenTelemetry;
using TickerQ.Utilities.Base;

namespace Overnight.Jobs.Scheduling;

/// <summary>TickerQ as a bell: in memory, in UTC, every minute. It decides nothing and stores nothing.</summary>
/// <remarks>Public, for TickerQ's generated code makes it; what it is made of comes from a scope of each ring.</remarks>
public sealed class TickerQBell(IServiceProvider services)
{
    [TickerFunction("bell", "0 * * * * *")]
    public async Task RingAsync(TickerFunctionContext context, CancellationToken ct) =>
        await services.GetRequiredService<NightSchedule>().RingAsync(ct);
}

internal static class Bell
{
    private const string AnyFreePort = "http://127.0.0.1:0";

    /// <summary>The service's host: TickerQ's pages are served by the process whose memory they show.</summary>
    public static WebApplicationBuilder CreateBuilder(HostApplicationBuilderSettings settings)
    {
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions
            {
                Args = settings.Args,
                ApplicationName = settings.ApplicationName,
                ContentRootPath = settings.ContentRootPath,
                EnvironmentName = settings.EnvironmentName,
            }
        );
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        // Where nobody says an address, nobody asks, and replicas on one machine must not fight for ASP.NET Core's own.
        if (builder.Configuration[WebHostDefaults.ServerUrlsKey] is null && builder.Configuration[WebHostDefaults.HttpPortsKey] is null)
            builder.WebHost.UseUrls(AnyFreePort);
        return builder;
    }

    public static IHostApplicationBuilder AddBell(this IHostApplicationBuilder builder)
    {
        builder
            .Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource("TickerQ"))
            .AddTickerQ(options =>
                options
                    .ConfigureScheduler(scheduler =>
                    {
                        scheduler.SchedulerTimeZone = TimeZoneInfo.Utc;
                        // Unique per process: TickerQ gives the jobs of a node id back to whoever starts with it.
                        scheduler.NodeIdentifier = $"{Environment.MachineName}-{Guid.NewGuid():N}";
                    })
                    .AddOpenTelemetryInstrumentation()
                    .AddGuardedDashboard(builder)
            );
        return builder;
    }

    public static IHost UseBell(this WebApplication app)
    {
        app.MapDefaultEndpoints();
        // With its pages where there are any; who asks is known by then, for ASP.NET Core puts authentication first.
        return app.UseTickerQ();
    }
}
