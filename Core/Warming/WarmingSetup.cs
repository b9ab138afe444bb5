using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Overnight.Core.Caching;
using Overnight.Core.Flags;
using Overnight.Core.Reference;

namespace Overnight.Core.Warming;

public static class WarmingSetup
{
    /// <summary>Commands: fewer cost more to send than to do.</summary>
    private const int LeastInFlight = 32;

    /// <summary>The warmer and the sets that are ours, for whoever warms by any trigger. Needs a cache and a database.</summary>
    public static IServiceCollection AddWarming(this IServiceCollection services)
    {
        services.AddOptions<WarmingOptions>().BindConfiguration(WarmingOptions.Section).ValidateOnStart();
        services
            .AddCaching()
            .AddFlagOptions()
            .TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<WarmingOptions>, WarmingOptionsValidator>());
        return services
            .AddResultCacheWriter()
            .AddSingleton(provider => new WarmWindow(
                LeastInFlight,
                provider.GetRequiredService<IOptions<WarmingOptions>>().Value.MostInFlight
            ))
            .AddSingleton<EntryWriter>()
            .AddSingleton<CacheMarker>()
            .AddSingleton<WarmProgressStore>()
            .AddSingleton<WarmRuns>()
            .AddSingleton<WarmTelemetry>()
            .AddSingleton<WarmSet, RecommendationSet>()
            .AddSingleton<WarmSet, SessionSet>()
            .AddSingleton<WarmSet, FlagSet>()
            .AddReferenceSets()
            .AddSingleton<OwnSetsDatabase>()
            .AddSingleton<ConfiguredSets>()
            .AddSingleton<SetWarmer>()
            .AddSingleton<Warmer>()
            .AddSingleton<DueSets>();
    }

    /// <summary>What writes results, for nights and warms alike. Needs a cache.</summary>
    public static IServiceCollection AddResultCacheWriter(this IServiceCollection services)
    {
        services.TryAddSingleton<CacheBulkWriter>();
        services.TryAddSingleton<ResultCacheWriter>();
        return services;
    }

    private static IServiceCollection AddReferenceSets(this IServiceCollection services)
    {
        services.AddReferenceData();
        foreach (var phase in Enum.GetValues<WarmPhase>())
            services.AddSingleton<WarmSet>(provider => ActivatorUtilities.CreateInstance<ReferenceSet>(provider, phase));
        return services;
    }
}
