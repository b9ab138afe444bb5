using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Overnight.Core.Caching;

public static class CachingSetup
{
    /// <summary>The cache server behind its circuit, and results in it; for whoever reads and whoever writes.</summary>
    public static IServiceCollection AddCaching(this IServiceCollection services)
    {
        services.AddOptions<CacheOptions>().BindConfiguration(CacheOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CacheOptions>, CacheOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<CacheTelemetry>();
        services.TryAddSingleton<CacheCircuit>();
        services.TryAddSingleton<PlainConnection>();
        services.TryAddSingleton<CacheStore>();
        services.TryAddSingleton<MemoryResults>();
        services.TryAddSingleton<ResultCache>();
        services.TryAddSingleton<MemoryEntries>();
        services.TryAddSingleton<LastKnownEntries>();
        services.TryAddSingleton<EntryReader>();
        services.TryAddSingleton<Generations>();
        services.TryAddSingleton<ResultInvalidation>();
        return services;
    }
}
