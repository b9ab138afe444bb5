using Microsoft.Extensions.DependencyInjection;
using Overnight.Core.Flags;
using Overnight.Core.Reference;
using Overnight.Core.Results;
using Overnight.Core.Sessions;
using Overnight.Core.Warming;

namespace Overnight.Core;

public static class WarmSets
{
    /// <summary>The warmer with all sets that are ours, for whoever warms by any trigger. Needs a cache and a database.</summary>
    public static IServiceCollection AddWarming(this IServiceCollection services)
    {
        services
            .AddWarmer()
            .AddFlagOptions()
            .AddSessionKeys()
            .AddReferenceData()
            .AddSingleton<WarmSet, RecommendationWarmSet>()
            .AddSingleton<WarmSet, SessionWarmSet>()
            .AddSingleton<WarmSet, FlagWarmSet>();
        foreach (var phase in Enum.GetValues<WarmPhase>())
            services.AddSingleton<WarmSet>(provider => ActivatorUtilities.CreateInstance<ReferenceWarmSet>(provider, phase));
        return services;
    }
}
