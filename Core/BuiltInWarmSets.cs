using Microsoft.Extensions.DependencyInjection;
using Overnight.Core.Flags;
using Overnight.Core.Reference;
using Overnight.Core.Results;
using Overnight.Core.Sessions;
using Overnight.Core.Warming;

namespace Overnight.Core;

public static class BuiltInWarmSets
{
    /// <summary>
    /// Adds the warmer with all built-in sets, once however often it is called, for services that warm by any trigger. It needs a cache and
    /// a database.
    /// </summary>
    public static IServiceCollection AddWarming(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(Warmer)))
            return services;
        services
            .AddWarmer()
            .AddFlagOptions()
            .AddSessionKeys()
            .AddReferenceData()
            .AddSingleton<FlagWarmErrorNotices>()
            .AddSingleton<WarmSet, RecommendationWarmSet>()
            .AddSingleton<WarmSet, SessionWarmSet>()
            .AddSingleton<WarmSet, FlagWarmSet>();
        foreach (var phase in Enum.GetValues<WarmPhase>())
            services.AddSingleton<WarmSet>(provider => ActivatorUtilities.CreateInstance<ReferenceWarmSet>(provider, phase));
        return services;
    }
}
