using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Core;

namespace Overnight.Jobs.Warming;

internal static class WarmLoopSetup
{
    /// <summary>The service's own warming: of an empty cache, on schedule, and of warms that were interrupted.</summary>
    public static void AddWarmLoop(this IHostApplicationBuilder builder)
    {
        builder
            .Services.AddWarming()
            .AddSingleton<WarmDeadlineWatch>()
            .AddHostedService<ConfiguredWarmSetCheck>()
            .AddHostedService<WarmLoop>();
    }
}
