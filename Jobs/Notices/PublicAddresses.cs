using System.Net;

namespace Overnight.Jobs.Notices;

/// <summary>
/// Tells addresses of the internet from those of private networks, this machine and special uses, so that a webhook's name that resolves
/// to one of those reaches nothing there.
/// </summary>
internal static class PublicAddresses
{
    // The special-purpose registries of IANA, RFC 6890 and its updates.
    private static readonly IPNetwork[] Special =
    [
        .. (
            (string[])
                [
                    "0.0.0.0/8",
                    "10.0.0.0/8",
                    "100.64.0.0/10",
                    "127.0.0.0/8",
                    "169.254.0.0/16",
                    "172.16.0.0/12",
                    "192.0.0.0/24",
                    "192.0.2.0/24",
                    "192.88.99.0/24",
                    "192.168.0.0/16",
                    "198.18.0.0/15",
                    "198.51.100.0/24",
                    "203.0.113.0/24",
                    "224.0.0.0/3",
                    // Of IPv6 only global unicast is public.
                    "::/3",
                    "4000::/2",
                    "8000::/1",
                    "2001::/23",
                    "2001:db8::/32",
                    "3fff::/20",
                    // 6to4, whose addresses contain one of IPv4.
                    "2002::/16",
                ]
        ).Select(IPNetwork.Parse),
    ];

    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        foreach (var network in Special)
        {
            if (network.Contains(address))
                return false;
        }
        return true;
    }
}
