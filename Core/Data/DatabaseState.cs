using Microsoft.Extensions.Logging;

namespace Overnight.Core.Data;

/// <summary>Whether PostgreSQL answers this process, as its loops and requests report it. Only changes are logged.</summary>
public sealed partial class DatabaseState(ILogger<DatabaseState> logger)
{
    private int _away;

    /// <summary>Whether PostgreSQL did not answer when it was last asked.</summary>
    public bool IsKnownAway => Volatile.Read(ref _away) == 1;

    /// <returns>Whether the exception is an outage of PostgreSQL, logged here; any other exception is left to the caller to log.</returns>
    public bool IsAway(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (!DatabaseOutage.Is(exception))
            return false;
        if (Interlocked.Exchange(ref _away, 1) == 0)
            Log.Away(logger, exception.Message);
        return true;
    }

    public void Answered()
    {
        if (Volatile.Read(ref _away) == 1 && Interlocked.Exchange(ref _away, 0) == 1)
            Log.Back(logger);
    }

    private static partial class Log
    {
        [LoggerMessage(241, LogLevel.Warning, "PostgreSQL does not answer; what needs it waits, or is refused, until it does. {Reason}")]
        public static partial void Away(ILogger logger, string reason);

        [LoggerMessage(242, LogLevel.Information, "PostgreSQL answers again.")]
        public static partial void Back(ILogger logger);
    }
}
