using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Overnight.Core.Sessions;

/// <summary>How a sign-in attempt ended.</summary>
public enum SignInOutcome
{
    SignedIn,

    /// <summary>The account does not exist or is closed, or the password is wrong.</summary>
    Wrong,

    /// <summary>Too many attempts for one e-mail address from one network.</summary>
    Limited,

    /// <summary>Too many attempts from one network, whatever the e-mail address.</summary>
    NetworkLimited,

    /// <summary>Too many attempts wait on this node.</summary>
    Busy,
}

/// <summary>Why a session ended before it expired.</summary>
public enum SessionEnd
{
    SignedOut,

    /// <summary>The client signed in again while it had this session.</summary>
    Replaced,

    /// <summary>An administrator ended it.</summary>
    Revoked,
    Banned,

    /// <summary>The user's password was set.</summary>
    PasswordSet,
}

/// <summary>
/// Counts and logs sign-ins and ends of sessions. Logs are masked: they show the end of a user's id, the beginning of a session's hash and
/// of an e-mail address's hash, and the client's network instead of its address.
/// </summary>
public sealed partial class SessionTelemetry
{
    public const string Name = "Overnight.Sessions";

    private static readonly string[] Outcomes = ["signed_in", "wrong", "limited", "network_limited", "busy"];
    private static readonly string[] Ends = ["signed_out", "replaced", "revoked", "banned", "password_set"];

    private readonly ILogger<SessionTelemetry> _logger;
    private readonly Counter<long> _signIns;
    private readonly Counter<long> _ends;

    public SessionTelemetry(IMeterFactory meters, ILogger<SessionTelemetry> logger)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _logger = logger;
        var meter = meters.Create(Name);
        _signIns = meter.CreateCounter<long>("overnight.sessions.sign_ins", "{try}", "Tries to sign in, by outcome.");
        _ends = meter.CreateCounter<long>("overnight.sessions.ends", "{session}", "Sessions ended before they expired, by reason.");
    }

    public void SignedIn(Guid user, string hash)
    {
        Count(SignInOutcome.SignedIn);
        Log.SignedIn(_logger, Masked(user), Masked(hash));
    }

    /// <param name="emailHash">Hash of the e-mail address in the request.</param>
    public void Refused(SignInOutcome outcome, string emailHash, string network)
    {
        Count(outcome);
        Log.Refused(_logger, Outcomes[(int)outcome], Masked(emailHash), network);
    }

    public void Ended(SessionEnd reason, string hash)
    {
        Count(reason, 1);
        Log.Ended(_logger, Masked(hash), Ends[(int)reason]);
    }

    public void EndedOfUser(SessionEnd reason, Guid user, int sessions)
    {
        Count(reason, sessions);
        Log.EndedOfUser(_logger, sessions, Masked(user), Ends[(int)reason]);
    }

    private void Count(SignInOutcome outcome) => _signIns.Add(1, new KeyValuePair<string, object?>("outcome", Outcomes[(int)outcome]));

    private void Count(SessionEnd reason, int sessions) =>
        _ends.Add(sessions, new KeyValuePair<string, object?>("reason", Ends[(int)reason]));

    // The end of an id is random; the beginning is a time, which ids created together share.
    private static string Masked(Guid id) => $"..{id.ToString("N")[^6..]}";

    private static string Masked(string hash) => $"{hash[..8]}..";

    private static partial class Log
    {
        [LoggerMessage(231, LogLevel.Information, "User {User} signed in; session {Session}.")]
        public static partial void SignedIn(ILogger logger, string user, string session);

        [LoggerMessage(232, LogLevel.Information, "A sign-in was refused ({Outcome}): e-mail address {EmailHash}, network {Network}.")]
        public static partial void Refused(ILogger logger, string outcome, string emailHash, string network);

        [LoggerMessage(233, LogLevel.Information, "Session {Session} ended ({Reason}).")]
        public static partial void Ended(ILogger logger, string session, string reason);

        [LoggerMessage(234, LogLevel.Information, "Sessions of user {User} ended ({Reason}): {Sessions}.")]
        public static partial void EndedOfUser(ILogger logger, int sessions, string user, string reason);
    }
}
