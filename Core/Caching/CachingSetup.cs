using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Overnight.Core.Caching;

public static class CachingSetup
{
    /// <summary>Adds the cache server behind its circuit, and the invalidation of entries, for readers and writers alike.</summary>
    public static IServiceCollection AddCaching(this IServiceCollection services)
    {
        services.AddSection<CacheOptions>(CacheOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<CacheTelemetry>();
        services.TryAddSingleton<CacheCircuit>();
        services.TryAddSingleton<CacheStore>();
        services.TryAddSingleton<CacheLastSeen>();
        services.TryAddSingleton<LastKnownEntries>();
        services.TryAddSingleton<CacheInvalidation>();
        services.TryAddSingleton<FencedResultWriter>();
        return services;
    }

    /// <summary>
    /// Separates this process from all others on the same server by a prefix of its keys and its channel. Call it before
    /// <see cref="AddCaching"/>.
    /// </summary>
    public static IServiceCollection AddOwnKeyspace(this IServiceCollection services, string keyPrefix) =>
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<CacheStore>(provider, keyPrefix));

    /// <summary>Adds a reader that drops the entries that <see cref="ChangeListener"/> receives changes of.</summary>
    public static IServiceCollection AddReader<TReader>(this IServiceCollection services)
        where TReader : class, IChangeHandler
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(service => service.ServiceType == typeof(TReader)))
            return services;
        return services.AddSingleton<TReader>().AddSingleton<IChangeHandler>(provider => provider.GetRequiredService<TReader>());
    }
}
