using Microsoft.Extensions.DependencyInjection;
using Quartz;

namespace Overnight.Jobs.Scheduling;

/// <summary>Quartz as a bell: in memory, in UTC, every minute. It decides nothing and stores nothing.</summary>
internal sealed class QuartzBell(NightSchedule schedule) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) => await schedule.RingAsync(cancellationToken);
}

internal static class Bell
{
    public static IServiceCollection AddBell(this IServiceCollection services) => services
        .AddQuartz(quartz => quartz.ScheduleJob<QuartzBell>(
            trigger => trigger.WithIdentity("every-minute").StartNow().WithCronSchedule("0 * * * * ?", cron => cron.InTimeZone(TimeZoneInfo.Utc)),
            job => job.WithIdentity("bell").DisallowConcurrentExecution()))
        .AddQuartzHostedService(host => host.WaitForJobsToComplete = true);
}
