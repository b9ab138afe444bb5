using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TickerQ.DependencyInjection;

namespace Overnight.Jobs.Scheduling;

/// <summary>TickerQ in place of the timer, in memory and in UTC.</summary>
internal static class TickerQScheduler
{
    public static IHostApplicationBuilder AddScheduler(this IHostApplicationBuilder builder)
    {
        builder.Logging.AddFilter("TickerQ", LogLevel.Warning);
        // Before TickerQ's own, which start only once they were told to.
        builder
            .Services.AddHostedService<Start>()
            .AddTickerQ(options =>
                options.ConfigureScheduler(scheduler =>
                {
                    scheduler.SchedulerTimeZone = TimeZoneInfo.Utc;
                    // Unique per process: TickerQ gives the jobs of a node id back to whoever starts with it.
                    scheduler.NodeIdentifier = $"{Environment.MachineName}-{Guid.NewGuid():N}";
                })
            );
        return builder;
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
