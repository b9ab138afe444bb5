using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Overnight.Core.Notices;

public static class NoticeSetup
{
    /// <summary>Adds the outbox, for services that write notices.</summary>
    public static IServiceCollection AddNotices(this IServiceCollection services)
    {
        // An unknown key is a failure here, because a mistyped one could leave a target without its events.
        services.AddSection<WebhookOptions>(WebhookOptions.Section, refuseUnknown: true);
        services.TryAddSingleton<NoticeOutbox>();
        return services;
    }
}
