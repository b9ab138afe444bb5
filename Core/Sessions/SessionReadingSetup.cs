using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Core.Caching;

namespace Overnight.Core.Sessions;

public static class SessionReadingSetup
{
    /// <summary>Adds reading and ending sessions. It needs a cache and a database.</summary>
    public static IServiceCollection AddSessionReading(this IServiceCollection services)
    {
        services.AddCaching().AddSessionKeys();
        services.TryAddSingleton<SessionTelemetry>();
        services.TryAddSingleton<SessionRevocation>();
        return services.AddReader<SessionReader>();
    }

    /// <summary>Adds the keys that cached sessions are signed with, for services that warm sessions.</summary>
    public static IServiceCollection AddSessionKeys(this IServiceCollection services)
    {
        services.AddSection<UserSessionOptions>(UserSessionOptions.Section);
        services.TryAddSingleton<SessionSigningKeys>();
        return services;
    }
}
