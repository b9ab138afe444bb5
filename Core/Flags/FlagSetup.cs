using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Core.Caching;

namespace Overnight.Core.Flags;

public static class FlagSetup
{
    /// <summary>
    /// Where every .NET host keeps the name of its environment (<c>HostDefaults.EnvironmentKey</c>); without it that is Production.
    /// </summary>
    private const string HostEnvironment = "environment";

    /// <summary>Reading and changing flags. Needs a cache and a database.</summary>
    public static IServiceCollection AddFlags(this IServiceCollection services)
    {
        services.AddCaching().AddFlagOptions();
        services.TryAddSingleton<FlagStore>();
        services.TryAddSingleton<FlagAccess>();
        return services.AddReader<FlagReader>();
    }

    /// <summary>Which flags are this environment's, for whoever warms or seeds them.</summary>
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
