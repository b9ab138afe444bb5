using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Core.Caching;

namespace Overnight.Core.Flags;

public static class FlagSetup
{
    /// <summary>
    /// The configuration key of the host's environment (<c>HostDefaults.EnvironmentKey</c>); without it the environment is Production.
    /// </summary>
    private const string HostEnvironment = "environment";

    /// <summary>Adds reading and changing flags. It needs a cache and a database.</summary>
    public static IServiceCollection AddFlags(this IServiceCollection services)
    {
        services.AddCaching().AddFlagOptions();
        services.TryAddSingleton<FlagStore>();
        services.TryAddSingleton<FlagUsageCounter>();
        return services.AddReader<FlagReader>();
    }

    /// <summary>Adds the options that say whose flags are served, for services that warm or seed flags.</summary>
    public static IServiceCollection AddFlagOptions(this IServiceCollection services)
    {
        services
            .AddSection<FlagOptions>(FlagOptions.Section)
            .PostConfigure<IConfiguration>(
                (options, host) =>
                {
                    if (options.Environment.Length == 0)
                        options.Environment = (host[HostEnvironment] ?? "Production").ToLowerInvariant();
                }
            );
        return services;
    }
}
