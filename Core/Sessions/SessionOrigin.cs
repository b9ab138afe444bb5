using System.Net;
using System.Text;

namespace Overnight.Core.Sessions;

/// <summary>Where a session was made: the client's address, and the beginning of its user agent.</summary>
/// <param name="Address">Without port and scope; null where the client has none, as over a Unix socket.</param>
/// <param name="UserAgent">Null where the client sent none.</param>
public sealed record SessionOrigin(string? Address, string? UserAgent)
{
    /// <summary>Characters that are kept of the user agent.</summary>
    public const int MostUserAgent = 200;

    public static SessionOrigin Unknown { get; } = new(null, null);

    public static SessionOrigin From(IPAddress? address, string? userAgent) => new(Text(address), Text(userAgent));

    private static string? Text(IPAddress? address)
    {
        if (address is null)
            return null;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        // A copy of the bytes leaves out the scope of a link-local address, which names an interface of this host.
        return new IPAddress(address.GetAddressBytes()).ToString();
    }

    /// <summary>Control characters, and halves of characters, are replaced, because PostgreSQL would refuse some of them.</summary>
    private static string? Text(string? userAgent)
    {
        if (string.IsNullOrWhiteSpace(userAgent))
            return null;
        StringBuilder kept = new();
        foreach (var rune in userAgent.EnumerateRunes())
        {
            var shown = Rune.IsControl(rune) ? new Rune(' ') : rune;
            if (kept.Length + shown.Utf16SequenceLength > MostUserAgent)
                break;
            kept.Append(shown.ToString());
        }
        return kept.ToString();
    }
}
