using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Notices;
using Overnight.Core.Runs;
using Overnight.Core.Schedules;
using Overnight.Core.Warming;
using Overnight.Jobs.Providers;

namespace Overnight.Jobs.Pipeline;

internal static class PipelineSetup
{
    /// <summary>The services of a run, for the host and for commands alike.</summary>
    public static void AddPipeline(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSection<RunOptions>(RunOptions.Section);
        builder.AddFaults();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.AddProviders();
        builder.Services.AddNotices().TryAddSingleton<SchedulePauses>();
        builder.Services.TryAddSingleton<WarmRuns>();
        builder.Services.TryAddSingleton<WarmTelemetry>();
        builder
            .Services.AddCaching()
            .AddSingleton<RunStore>()
            .AddSingleton<RunRetry>()
            .AddSingleton<RunSpan>()
            .AddSingleton<StepRetry>()
            .AddSingleton<RunProgressWriter>()
            .AddSingleton<RunPlanner>()
            .AddSingleton<RunFinaliser>()
            .AddSingleton<BatchCacheWriter>()
            .AddSingleton<UncachedBatchWarm>()
            .AddSingleton<RunProgress>()
            .AddSingleton<DryRun>()
            .AddSingleton<RunParticipant>();
    }

    /// <summary>The kills that a test asks for.</summary>
    public static void AddFaults(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(FaultInjection)))
            return;
        builder
            .Services.AddSection<FaultOptions>(FaultOptions.Section)
            .Validate<IHostEnvironment>(
                FaultInjection.AreAllowed,
                $"{FaultOptions.Section} is for Development only; this is {builder.Environment.EnvironmentName}."
            );
        builder.Services.AddSingleton<FaultInjection>();
    }

    /// <summary>The loop that works on every run that is started, by the schedule or a request.</summary>
    public static void AddRunLoop(this IHostApplicationBuilder builder)
    {
        builder
            .Services.AddSingleton<FirstRun>()
            .AddSingleton<WorkerDirectory>()
            .AddHostedService<RunLoop>()
            .AddHostedService<HeartbeatLoop>();
    }
}
