using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Overnight.Core;

namespace Overnight.Jobs.Retention;

internal static class RetentionSetup
{
    /// <summary>The services of the command.</summary>
    public static void AddRetention(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSection<RetentionOptions>(RetentionOptions.Section);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<HistoryRetention>();
    }

    /// <summary>The services of the daily loop.</summary>
    public static void AddRetentionLoop(this IHostApplicationBuilder builder)
    {
        builder.AddRetention();
        builder.Services.AddHostedService<RetentionLoop>();
    }
}
