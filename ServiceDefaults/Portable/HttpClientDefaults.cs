using Microsoft.Extensions.Hosting;

namespace Overnight.ServiceDefaults;

/// <summary>Service discovery and resilience are packages of the aspire stack. No service here calls another; one that did would read <c>services__api__http__0</c>.</summary>
internal static class HttpClientDefaults
{
    public static void Add(IHostApplicationBuilder _) { }
}
