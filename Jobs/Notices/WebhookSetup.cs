using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Core.Notices;

namespace Overnight.Jobs.Notices;

internal static class WebhookSetup
{
    /// <summary>The sender, for the command.</summary>
    public static void AddWebhooks(this IHostApplicationBuilder builder)
    {
        builder.Services.AddNotices().AddSingleton<WebhookClient>().AddSingleton<WebhookSender>();
    }

    /// <summary>The loop of the service.</summary>
    public static void AddWebhookLoop(this IHostApplicationBuilder builder)
    {
        builder.AddWebhooks();
        builder.Services.AddHostedService<WebhookLoop>();
    }
}
