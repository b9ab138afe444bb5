using System.Net;
using System.Net.Sockets;

namespace Overnight.Jobs.Notices;

/// <summary>
/// Connects to webhooks. The address is checked on what is connected to, after the name was resolved, and redirects are not followed, so
/// that neither a name nor an answer can lead to a private network.
/// </summary>
internal static class WebhookConnections
{
    /// <param name="allowPrivate">Whether the target may be at a private address.</param>
    public static SocketsHttpHandler Handler(bool allowPrivate) =>
        new()
        {
            AllowAutoRedirect = false,
            // A proxy would resolve and connect in place of this process.
            UseProxy = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = (context, ct) => ConnectAsync(context.DnsEndPoint, allowPrivate, ct),
        };

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint target, bool allowPrivate, CancellationToken ct)
    {
        var addresses = await Dns.GetHostAddressesAsync(target.Host, ct);
        var allowed = allowPrivate ? addresses : [.. addresses.Where(PublicAddresses.IsPublic)];
        if (allowed.Length == 0)
            throw new HttpRequestException(
                $"{target.Host} has no address of the internet ({string.Join(", ", addresses.Select(address => $"{address}"))}); AllowPrivateAddresses lets a target be at another."
            );
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, target.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
