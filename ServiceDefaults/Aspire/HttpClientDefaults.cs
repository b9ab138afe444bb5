using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Overnight.ServiceDefaults;

/// <summary>For clients of other services, as Aspire's template has it. Providers of prices and rates bring a client of their own, with its own limits.</summary>
internal static class HttpClientDefaults
{
    public static void Add(IHostApplicationBuilder builder)
    {
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddStandardResilienceHandler();
            http.AddServiceDiscovery();
        });
    }
}
