using System.Net;
using Overnight.Core;

namespace Overnight.Api.Protection;

/// <summary>
/// The proxies in front of this node. X-Forwarded-For and X-Forwarded-Proto are read from their requests only. Without proxies, a client's
/// address and scheme are those of its connection.
/// </summary>
internal sealed class ProxyOptions : IValidatedOptions
{
    public const string Section = "Proxies";

    /// <summary>IP addresses of proxies.</summary>
    public IList<string> Addresses { get; } = [];

    /// <summary>Networks of proxies in CIDR notation, such as 10.0.0.0/8.</summary>
    public IList<string> Networks { get; } = [];

    /// <summary>Number of proxies that a request passes. As many entries of each header are read, beginning with the last.</summary>
    [Between(1, 16)]
    public int Hops { get; set; } = 1;

    public bool IsOn => Addresses.Count + Networks.Count > 0;

    void IValidatedOptions.Check(OptionRules rules, string path)
    {
        foreach (var (at, address) in Addresses.Index())
            rules.Require($"{nameof(Addresses)}:{at}", IPAddress.TryParse(address, out _), "an IP address such as 10.0.0.7", address);
        foreach (var (at, network) in Networks.Index())
            rules.Require($"{nameof(Networks)}:{at}", IPNetwork.TryParse(network, out _), "a network such as 10.0.0.0/8", network);
    }
}
