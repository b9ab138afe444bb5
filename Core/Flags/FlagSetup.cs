using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Overnight.Core.Caching;

namespace Overnight.Core.Flags;

public static class FlagSetup
{
    /// <summary>Where every .NET host keeps the name of its environment (<c>HostDefaults.EnvironmentKey</c>); without it that is Production.</summary>
    private const string HostEnvironment = "environment";

    /// <summary>Reading and changing flags. Needs a cache and a database.</summary>
    public static IServiceCollection AddFlags(this IServiceCollection services)
    {
        services.AddCaching().AddFlagOptions();
        services.TryAddSingleton<FlagStore>();
        services.TryAddSingleton<FlagAccess>();
        services.TryAddSingleton<FlagReader>();
        return services;
    }

    /// <summary>Which flags are this environment's, for whoever warms or seeds them.</summary>
    public static IServiceCollection AddFlagOptions(this IServiceCollection services)
    {
        services
            .AddOptions<FlagOptions>()
            .Configure<IConfiguration>((options, host) => options.Environment = (host[HostEnvironment] ?? "Production").ToLowerInvariant())
            .BindConfiguration(FlagOptions.Section)
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FlagOptions>, FlagOptionsValidator>());
        return services;
    }
}
