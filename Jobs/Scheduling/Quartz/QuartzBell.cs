using Microsoft.Extensions.Hosting;
using Quartz;

namespace Overnight.Jobs.Scheduling;

/// <summary>Quartz as a bell: in memory, in UTC, every minute. It decides nothing and stores nothing.</summary>
internal sealed class QuartzBell(NightSchedule schedule) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
        await schedule.RingAsync(cancellationToken);
}

internal static class Bell
{
    /// <summary>The service's host: nobody asks it anything, so it has no port.</summary>
    public static HostApplicationBuilder CreateBuilder(HostApplicationBuilderSettings settings) => Host.CreateApplicationBuilder(settings);

    public static IHostApplicationBuilder AddBell(this IHostApplicationBuilder builder)
    {
        builder
            .Services.AddQuartz(quartz =>
                quartz.ScheduleJob<QuartzBell>(
                    trigger =>
                        trigger
                            .WithIdentity("every-minute")
                            .StartNow()
                            .WithCronSchedule("0 * * * * ?", cron => cron.InTimeZone(TimeZoneInfo.Utc)),
                    job => job.WithIdentity("bell").DisallowConcurrentExecution()
                )
            )
            .AddQuartzHostedService(host => host.WaitForJobsToComplete = true);
        return builder;
    }

    public static IHost UseBell(this IHost host) => host;
}
