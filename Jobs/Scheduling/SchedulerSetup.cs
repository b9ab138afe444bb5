using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Core;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Scheduling;

internal static class SchedulerSetup
{
    /// <summary>
    /// The schedule of runs, and the scheduler that was built in: <see cref="ScheduleLoop"/>, or with <c>-p:Scheduler=TickerQ</c>
    /// TickerQ.
    /// </summary>
    public static void AddScheduling(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSection<ScheduleOptions>(ScheduleOptions.Section);
        builder
            .Services.AddSingleton<DueRunStarter>()
            .AddSingleton<NightStore>()
            .AddSingleton<NightDeadlineWatch>()
            .AddSingleton<ScheduleTick>();
        builder.AddScheduler();
    }
}
