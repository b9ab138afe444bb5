using Microsoft.Extensions.Logging;

namespace Overnight.Core.Caching;

/// <summary>Whether the server accepts writes while it answers reads. Only changes are logged.</summary>
internal sealed partial class WriteAvailability(ILogger logger)
{
    /// <summary>Prefixes of refusals that are due to the server's or the user's state, not to the entry.</summary>
    private static readonly string[] StateRefusals = ["READONLY", "NOREPLICAS", "MISCONF", "NOPERM", "OOM"];

    private string? _refusal;

    /// <summary>The server's reason for refusing writes; null while it accepts them.</summary>
    public string? Refusal => Volatile.Read(ref _refusal);

    public void Taken()
    {
        if (Refusal is not null && Interlocked.Exchange(ref _refusal, null) is not null)
            Log.TakesWrites(logger);
    }

    /// <returns>Whether the server accepted writes until now.</returns>
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
            "The cache answers reads but refuses writes. Invalidations of entries are retried until it accepts them. {Reason}"
        )]
        public static partial void RefusesWrites(ILogger logger, string reason);

        [LoggerMessage(204, LogLevel.Information, "The cache accepts writes again.")]
        public static partial void TakesWrites(ILogger logger);
    }
}
