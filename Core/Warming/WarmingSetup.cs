using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Core.Caching;
using Overnight.Core.Notices;
using Overnight.Core.Schedules;

namespace Overnight.Core.Warming;

public static class WarmingSetup
{
    /// <summary>Adds the warmer of registered and configured sets. It needs a cache and a database.</summary>
    public static IServiceCollection AddWarmer(this IServiceCollection services)
    {
        services.AddSection<WarmingOptions>(WarmingOptions.Section);
        services.AddNotices().TryAddSingleton<SchedulePauses>();
        return services
            .AddCaching()
            .AddSingleton<WarmThrottle>()
            .AddSingleton<WarmWriter>()
            .AddSingleton<CacheInstanceMarker>()
            .AddSingleton<WarmProgressStore>()
            .AddSingleton<WarmDeadlines>()
            .AddSingleton<WarmRuns>()
            .AddSingleton<WarmTelemetry>()
            .AddSingleton<ConfiguredSetDatabase>()
            .AddSingleton<ConfiguredWarmSets>()
            .AddSingleton<SetWarmer>()
            .AddSingleton<Warmer>()
            .AddSingleton<DueWarmSets>();
    }
}
