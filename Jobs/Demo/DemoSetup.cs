using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Core;

namespace Overnight.Jobs.Demo;

internal static class DemoSetup
{
    /// <summary>Does nothing outside Development or without both tokens.</summary>
    public static void AddDemoSessions(this IHostApplicationBuilder builder)
    {
        if (!builder.Environment.IsDevelopment())
            return;
        builder.Services.AddSection<DemoDataOptions>(DemoDataOptions.Section);
        var demo = builder.Configuration.ReadSection<DemoDataOptions>(DemoDataOptions.Section);
        if (demo is not { UserToken: { Length: > 0 } userToken, AdminToken: { Length: > 0 } adminToken })
            return;
        builder
            .Services.AddSingleton<DemoSessions>()
            .AddHostedService(services => ActivatorUtilities.CreateInstance<DemoSessionsStart>(services, userToken, adminToken));
    }
}
