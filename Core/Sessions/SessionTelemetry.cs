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

/// <summary>Names of outcomes in logs, metrics and the action log.</summary>
public static class SignInOutcomes
{
    private static readonly string[] Names = ["signed_in", "wrong", "limited", "network_limited", "busy"];

    public static string Name(this SignInOutcome outcome) => Names[(int)outcome];
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

    /// <summary>Its user ended it from another session.</summary>
    ByOwner,
}

/// <summary>Names of reasons in logs, metrics and the action log.</summary>
public static class SessionEnds
{
    private static readonly string[] Names = ["signed_out", "replaced", "revoked", "banned", "password_set", "by_owner"];

    public static string Name(this SessionEnd reason) => Names[(int)reason];
}

/// <summary>
/// Counts and logs sign-ins and ends of sessions. Logs are masked: they show the end of a user's id, the beginning of a session's hash and
/// of an e-mail address's hash, and the client's network instead of its address.
/// </summary>
public sealed partial class SessionTelemetry
{
    public const string Name = "Overnight.Sessions";

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
        Log.Refused(_logger, outcome.Name(), Masked(emailHash), network);
    }

    public void Ended(SessionEnd reason, string hash)
    {
        Count(reason, 1);
        Log.Ended(_logger, Masked(hash), reason.Name());
    }

    public void EndedOfUser(SessionEnd reason, Guid user, int sessions)
    {
        Count(reason, sessions);
        Log.EndedOfUser(_logger, sessions, Masked(user), reason.Name());
    }

    private void Count(SignInOutcome outcome) => _signIns.Add(1, new KeyValuePair<string, object?>("outcome", outcome.Name()));

    private void Count(SessionEnd reason, int sessions) => _ends.Add(sessions, new KeyValuePair<string, object?>("reason", reason.Name()));

    // The end of an id is random; the beginning is a time, which ids created together share.
    private static string Masked(Guid id) => $"..{id.ToString("N")[^6..]}";

    /// <summary>The beginning of a session's hash, by which log lines and the action log name it.</summary>
    internal static string Masked(string hash) => $"{hash[..8]}..";

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
