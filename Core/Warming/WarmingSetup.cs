using Microsoft.Extensions.DependencyInjection;
using Overnight.Core.Caching;

namespace Overnight.Core.Warming;

public static class WarmingSetup
{
    /// <summary>Adds the warmer of registered and configured sets. It needs a cache and a database.</summary>
    public static IServiceCollection AddWarmer(this IServiceCollection services)
    {
        services.AddSection<WarmingOptions>(WarmingOptions.Section);
        return services
            .AddCaching()
            .AddSingleton<WarmThrottle>()
            .AddSingleton<WarmWriter>()
            .AddSingleton<CacheInstanceMarker>()
            .AddSingleton<WarmProgressStore>()
            .AddSingleton<WarmRuns>()
            .AddSingleton<WarmTelemetry>()
            .AddSingleton<ConfiguredSetDatabase>()
            .AddSingleton<ConfiguredWarmSets>()
            .AddSingleton<SetWarmer>()
            .AddSingleton<Warmer>()
            .AddSingleton<DueWarmSets>();
    }
}
