using System.Net;
using System.Net.Sockets;

namespace Overnight.AppHost;

internal static class FixedPorts
{
    /// <summary>Where the addresses of the Aspire dashboard are configured.</summary>
    private static readonly string[] DashboardKeys =
    [
        "ASPNETCORE_URLS",
        "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL",
        "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL",
    ];

    /// <summary>
    /// Another clone that runs has the ports of this one: then all are chosen anew, and the addresses printed are the ones in use.
    /// Called when every resource is there.
    /// </summary>
    public static IDistributedApplicationBuilder RandomizeTakenPorts(this IDistributedApplicationBuilder builder)
    {
        if (builder.ExecutionContext.IsPublishMode || builder.Configuration["DcpPublisher:RandomizePorts"] is not null)
            return builder;
        var ofDashboard = DashboardKeys
            .SelectMany(key => (builder.Configuration[key] ?? "").Split(';'))
            .Select(address => Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri.Port : 0);
        var ofResources = builder
            .Resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>())
            .Select(e => e.Port ?? 0);
        if (ofDashboard.Concat(ofResources).FirstOrDefault(port => port > 0 && !IsFree(port)) is > 0 and var taken)
        {
            builder.Configuration["DcpPublisher:RandomizePorts"] = "true";
            Console.WriteLine($"Port {taken} is taken, by another clone that runs perhaps, so all ports are chosen anew.");
        }
        return builder;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
