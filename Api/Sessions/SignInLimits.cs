using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>
/// How often this node lets anyone try to sign in: so often per client address, so often per e-mail address whether it is
/// known or not, and so many at once. In this order, so that one address can't use up what others' e-mails are allowed.
/// </summary>
internal sealed class SignInLimits(IOptions<UserSessionOptions> options) : IDisposable
{
    /// <summary>Waiting for their turn to be hashed: seconds of work, not minutes.</summary>
    private const int MostWaiting = 64;

    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<string> _addresses = Create(options.Value.AttemptsPerAddress, options.Value.AttemptWindow);
    private readonly PartitionedRateLimiter<string> _emails = Create(options.Value.AttemptsPerEmail, options.Value.AttemptWindow);
    private readonly ConcurrencyLimiter _turns = new(
        new()
        {
            PermitLimit = options.Value.HashesAtOnce,
            QueueLimit = MostWaiting,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        }
    );

    /// <returns>A turn, to be given back; or how long to wait before the next try.</returns>
    public async ValueTask<(RateLimitLease? Turn, TimeSpan RetryAfter)> EnterAsync(IPAddress? address, string email, CancellationToken ct)
    {
        using (var byAddress = _addresses.AttemptAcquire(Network(address)))
        {
            if (!byAddress.IsAcquired)
                return (null, RetryAfter(byAddress));
        }
        using (var byEmail = _emails.AttemptAcquire(email))
        {
            if (!byEmail.IsAcquired)
                return (null, RetryAfter(byEmail));
        }
        var turn = await _turns.AcquireAsync(1, ct);
        if (turn.IsAcquired)
            return (turn, TimeSpan.Zero);
        turn.Dispose();
        return (null, Busy);
    }

    /// <summary>What one client has: an address of IPv4, or the 64 bits of IPv6 below which it chooses its own.</summary>
    internal static string Network(IPAddress? address)
    {
        if (address is null)
            return "";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8))
            : address.ToString();
    }

    public void Dispose()
    {
        _addresses.Dispose();
        _emails.Dispose();
        _turns.Dispose();
    }

    // What nobody used for a while is forgotten by the limiter itself.
    private static PartitionedRateLimiter<string> Create(int attempts, TimeSpan window) =>
        PartitionedRateLimiter.Create<string, string>(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => new()
                {
                    TokenLimit = attempts,
                    TokensPerPeriod = 1,
                    ReplenishmentPeriod = window / attempts,
                    QueueLimit = 0,
                }));

    private static TimeSpan RetryAfter(RateLimitLease lease) =>
        lease.TryGetMetadata(MetadataName.RetryAfter, out var after) && after > Busy ? after : Busy;
}
