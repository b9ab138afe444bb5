using Microsoft.Extensions.Logging;

namespace Overnight.Core.Caching;

/// <summary>Whether the server, which answers reads, takes writes. Only changes are logged.</summary>
internal sealed partial class WriteState(ILogger logger)
{
    /// <summary>Refusals that are the server's or the user's state and not the entry's fault.</summary>
    private static readonly string[] StateRefusals = ["READONLY", "NOREPLICAS", "MISCONF", "NOPERM", "OOM"];

    private string? _refusal;

    /// <summary>Why it takes none; null when it takes them.</summary>
    public string? Refusal => Volatile.Read(ref _refusal);

    public void Taken()
    {
        if (Refusal is not null && Interlocked.Exchange(ref _refusal, null) is not null)
            Log.TakesWrites(logger);
    }

    /// <returns>Whether the server was well until now.</returns>
    public bool Refused(string reason)
    {
        if (
            !StateRefusals.Any(state => reason.StartsWith(state, StringComparison.Ordinal))
            || Interlocked.Exchange(ref _refusal, reason) is not null
        )
            return false;
        Log.RefusesWrites(logger, reason);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(
            203,
            LogLevel.Warning,
            "The cache answers reads and takes no writes; what it must forget is told to it again until it does. {Reason}"
        )]
        public static partial void RefusesWrites(ILogger logger, string reason);

        [LoggerMessage(204, LogLevel.Information, "The cache takes writes again.")]
        public static partial void TakesWrites(ILogger logger);
    }
}
