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
    public static IServiceCollection AddBell(this IServiceCollection services) => services
        .ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource("TickerQ"))
        // Before TickerQ's own services, which do nothing unless they were asked to when they start.
        .AddHostedService<BellStart>()
        .AddTickerQ(options => options.ConfigureScheduler(scheduler =>
        {
            scheduler.SchedulerTimeZone = TimeZoneInfo.Utc;
            // Unique per process: TickerQ gives the jobs of a node id back to whoever starts with it.
            scheduler.NodeIdentifier = $"{Environment.MachineName}-{Guid.NewGuid():N}";
        }).AddOpenTelemetryInstrumentation());
}

/// <summary>What a program with a host of its own does by <c>app.UseTickerQ()</c>, for the host that the commands share.</summary>
internal sealed class BellStart(IHost host) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        host.UseTickerQ();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
