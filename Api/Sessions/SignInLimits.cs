using System.Net;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Overnight.Core.Caching;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>
/// Limits sign-in attempts, whether or not the account exists: per network, per e-mail address from one network, and concurrent ones. The
/// limits are checked in this order, and an attempt that one of them refuses is not counted by the next.
/// </summary>
/// <remarks>
/// Attempts for one e-mail address from all networks together are never refused, because a stranger could otherwise lock its owner out.
/// Beyond the limit each is delayed twice as long as the one before, up to <see cref="UserSessionOptions.LongestDelay"/>.
/// </remarks>
internal sealed class SignInLimits(CacheStore cache, IOptions<UserSessionOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>Largest number of attempts that wait for their password to be hashed, which takes some seconds for all of them.</summary>
    private const int MostWaiting = 64;

    /// <summary>Largest number of attempts that are delayed at once on this node; each holds a connection and some kilobytes.</summary>
    private const int MostDelayed = 1_000;

    private const string Network = "network",
        Address = "address",
        Both = "both";

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250),
        Busy = TimeSpan.FromSeconds(1);

    private readonly SignInCounts _counts = new(cache, options.Value.AttemptWindow, time);
    private readonly ConcurrencyLimiter _turns = new(
        new()
        {
            PermitLimit = options.Value.HashesAtOnce,
            QueueLimit = MostWaiting,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        }
    );
    private int _delayed;

    /// <param name="client">The client's address; null over a Unix socket, where the limit per network does not apply.</param>
    /// <param name="email">The normalised e-mail address.</param>
    public async ValueTask<SignInTurn> EnterAsync(IPAddress? client, string email, CancellationToken ct)
    {
        var network = NetworkOf(client);
        if (
            client is not null
            && await _counts.AddAsync(Network, network) is var ofNetwork
            && ofNetwork.Count > options.Value.AttemptsPerAddress
        )
            return SignInTurn.Refused(
                SignInOutcome.NetworkLimited,
                ofNetwork.Left,
                ofNetwork.Count == options.Value.AttemptsPerAddress + 1
            );
        if (await _counts.AddAsync(Both, OfBoth(email, network)) is var ofBoth && ofBoth.Count > options.Value.AttemptsPerEmail)
            return SignInTurn.Refused(SignInOutcome.Limited, ofBoth.Left, ofBoth.Count == options.Value.AttemptsPerEmail + 1);
        if (!await SlowDownAsync(email, ct))
            return SignInTurn.Refused(SignInOutcome.Busy, Busy);
        var turn = await _turns.AcquireAsync(1, ct);
        if (turn.IsAcquired)
            return new(turn, SignInOutcome.SignedIn, TimeSpan.Zero);
        turn.Dispose();
        return SignInTurn.Refused(SignInOutcome.Busy, Busy);
    }

    /// <summary>Resets the count of the e-mail address from this network after a sign-in.</summary>
    public async Task SucceededAsync(IPAddress? client, string email) => await _counts.ForgetAsync(Both, OfBoth(email, NetworkOf(client)));

    /// <summary>The first 24 bits of an IPv4 address or 64 of an IPv6 address, because one client may have many addresses there.</summary>
    internal static string NetworkOf(IPAddress? client)
    {
        if (client is null)
            return "unknown";
        if (client.IsIPv4MappedToIPv6)
            client = client.MapToIPv4();
        var bytes = client.GetAddressBytes();
        var kept = bytes.Length == 4 ? 3 : 8;
        Array.Clear(bytes, kept, bytes.Length - kept);
        return $"{new IPAddress(bytes)}/{kept * 8}";
    }

    /// <param name="tries">Attempts for one e-mail address within the window, this one included.</param>
    internal static TimeSpan Delay(long tries, UserSessionOptions options)
    {
        var over = tries - options.AttemptsPerEmail;
        if (over <= 0)
            return TimeSpan.Zero;
        // The delay doubles with each attempt; the bound of the shift prevents an overflow.
        var delay = FirstDelay * (1L << (int)Math.Min(over - 1, 30));
        return delay < options.LongestDelay ? delay : options.LongestDelay;
    }

    public void Dispose() => _turns.Dispose();

    private static string OfBoth(string email, string network) => $"{email} {network}";

    /// <returns>False when the largest number of attempts is delayed already.</returns>
    private async Task<bool> SlowDownAsync(string email, CancellationToken ct)
    {
        var (tries, _) = await _counts.AddAsync(Address, email);
        var delay = Delay(tries, options.Value);
        if (delay == TimeSpan.Zero)
            return true;
        try
        {
            if (Interlocked.Increment(ref _delayed) > MostDelayed)
                return false;
            await Task.Delay(delay, time, ct);
            return true;
        }
        finally
        {
            Interlocked.Decrement(ref _delayed);
        }
    }
}

/// <summary>A permit to hash a password, to be disposed of; or why there is none, and how long to wait before the next attempt.</summary>
/// <param name="IsFirst">Whether it is the first that a limit refuses in its window.</param>
internal sealed record SignInTurn(RateLimitLease? Lease, SignInOutcome Outcome, TimeSpan RetryAfter, bool IsFirst = false) : IDisposable
{
    public static SignInTurn Refused(SignInOutcome outcome, TimeSpan retryAfter, bool isFirst = false) =>
        new(null, outcome, retryAfter, isFirst);

    public void Dispose() => Lease?.Dispose();
}
