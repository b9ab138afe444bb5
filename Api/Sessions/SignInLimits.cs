using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>
/// Limits attempts to sign in on this node: per client address, per e-mail address whether it is known or not, and at the same time.
/// The client address comes first, so that one client can't use up the attempts of other people's e-mail addresses.
/// </summary>
internal sealed class SignInLimits(IOptions<UserSessionOptions> options) : IDisposable
{
    /// <summary>Sign-ins that wait for their password to be hashed: seconds of work, not minutes.</summary>
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

    /// <returns>A permit to be disposed when the password is checked; or how long to wait before the next attempt.</returns>
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

    /// <summary>A client's key: its IPv4 address, or the first 64 bits of its IPv6 address, since it chooses the others itself.</summary>
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

    // The limiter itself drops the keys that are not used for a while.
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
