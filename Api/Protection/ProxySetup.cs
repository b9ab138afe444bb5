using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using Overnight.Core;

namespace Overnight.Api.Protection;

/// <summary>Takes the address and scheme of clients from the headers of configured proxies.</summary>
internal static class ProxySetup
{
    public static void AddProxies(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<ProxyOptions>(ProxyOptions.Section);
        // PostConfigure overrides ASPNETCORE_FORWARDEDHEADERS_ENABLED, which would trust the headers of any client.
        builder
            .Services.AddOptions<ForwardedHeadersOptions>()
            .PostConfigure<IOptions<ProxyOptions>>(static (headers, proxies) => Apply(headers, proxies.Value));
    }

    private static void Apply(ForwardedHeadersOptions headers, ProxyOptions proxies)
    {
        headers.KnownProxies.Clear();
        headers.KnownIPNetworks.Clear();
        headers.ForwardedHeaders = ForwardedHeaders.None;
        if (!proxies.IsOn)
            return;
        headers.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        headers.ForwardLimit = proxies.Hops;
        foreach (var address in proxies.Addresses)
            headers.KnownProxies.Add(IPAddress.Parse(address));
        foreach (var network in proxies.Networks)
            headers.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
    }
}
