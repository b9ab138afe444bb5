using System.Net;
using System.Net.Sockets;

namespace Overnight.AppHost;

internal static class PortFallback
{
    /// <summary>Configuration keys of the Aspire dashboard's addresses.</summary>
    private static readonly string[] DashboardKeys =
    [
        "ASPNETCORE_URLS",
        "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL",
        "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL",
    ];

    /// <summary>
    /// Chooses all ports at random when one of the fixed ports is taken, as by another clone that runs; the printed addresses are the ones
    /// in use. Call it after all resources were added.
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
            Console.WriteLine($"Port {taken} is in use, perhaps by another clone that runs, so all ports are chosen at random.");
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
