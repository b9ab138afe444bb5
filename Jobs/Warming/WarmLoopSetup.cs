using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Core;

namespace Overnight.Jobs.Warming;

internal static class WarmLoopSetup
{
    /// <summary>The service's own warming: cold starts, the schedule, and what broke.</summary>
    public static IHostApplicationBuilder AddWarmLoop(this IHostApplicationBuilder builder)
    {
        builder.Services.AddWarming().AddHostedService<ConfiguredWarmSetCheck>().AddHostedService<WarmLoop>();
        return builder;
    }
}
