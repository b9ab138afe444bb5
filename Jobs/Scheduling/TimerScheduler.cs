using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Overnight.Jobs.Scheduling;

/// <summary>The scheduler unless another one is built in: a timer.</summary>
internal static class TimerScheduler
{
    public static void AddScheduler(this IHostApplicationBuilder builder)
    {
        builder.Services.AddHostedService<ScheduleLoop>();
    }
}
