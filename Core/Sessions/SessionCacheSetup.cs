using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Core.Caching;

namespace Overnight.Core.Sessions;

public static class SessionCacheSetup
{
    /// <summary>Reading and ending sessions. Needs a cache and a database.</summary>
    public static IServiceCollection AddSessionReading(this IServiceCollection services)
    {
        services.AddCaching().AddSessionKeys();
        services.TryAddSingleton<SessionTelemetry>();
        services.TryAddSingleton<SessionRevocation>();
        return services.AddReader<SessionReader>();
    }

    /// <summary>What cached sessions are signed with, for whoever warms them.</summary>
    public static IServiceCollection AddSessionKeys(this IServiceCollection services)
    {
        services.AddSection<SessionCacheOptions>(SessionCacheOptions.Section);
        services.TryAddSingleton<SessionKeys>();
        return services;
    }
}
