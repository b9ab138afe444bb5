using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Overnight.Core.Caching;

public static class CachingSetup
{
    /// <summary>The cache server behind its circuit, and how its entries are invalidated; for whoever reads and whoever writes.</summary>
    public static IServiceCollection AddCaching(this IServiceCollection services)
    {
        services.AddSection<CacheOptions>(CacheOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<CacheTelemetry>();
        services.TryAddSingleton<CacheCircuit>();
        services.TryAddSingleton<CacheStore>();
        services.TryAddSingleton<StaleEntries>();
        services.TryAddSingleton<CacheInvalidation>();
        services.TryAddSingleton<ResultFence>();
        return services;
    }

    /// <summary>
    /// Keeps what this process reads and writes apart from all others on the same server: its keys and its channel have a prefix. To be
    /// called before <see cref="AddCaching"/>.
    /// </summary>
    public static IServiceCollection AddOwnKeyspace(this IServiceCollection services, string keyPrefix) =>
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<CacheStore>(provider, keyPrefix));

    /// <summary>A reader, which forgets what <see cref="ChangeListener"/> hears of.</summary>
    public static IServiceCollection AddReader<TReader>(this IServiceCollection services)
        where TReader : class, IChangeHandler
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(service => service.ServiceType == typeof(TReader)))
            return services;
        return services.AddSingleton<TReader>().AddSingleton<IChangeHandler>(provider => provider.GetRequiredService<TReader>());
    }
}
