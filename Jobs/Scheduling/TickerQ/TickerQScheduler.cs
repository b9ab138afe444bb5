using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TickerQ.DependencyInjection;

namespace Overnight.Jobs.Scheduling;

/// <summary>TickerQ in place of the timer, in memory and in UTC.</summary>
internal static class TickerQScheduler
{
    public static void AddScheduler(this IHostApplicationBuilder builder)
    {
        builder.Logging.AddFilter("TickerQ", LogLevel.Warning);
        // Registered before TickerQ's own services, which start only after UseTickerQ.
        builder
            .Services.AddHostedService<Start>()
            .AddTickerQ(options =>
                options.ConfigureScheduler(scheduler =>
                {
                    scheduler.SchedulerTimeZone = TimeZoneInfo.Utc;
                    // Unique per process: TickerQ hands the jobs of a node id to the process that starts with that id.
                    scheduler.NodeIdentifier = $"{Environment.MachineName}-{Guid.NewGuid():N}";
                })
            );
    }

    private sealed class Start(IHost host) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            host.UseTickerQ();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
