using Microsoft.Extensions.Logging;
using Npgsql;

namespace Overnight.Core.Data;

/// <summary>Whether PostgreSQL answers this process, as its loops and requests report it. Only changes are logged.</summary>
public sealed partial class DatabaseState(ILogger<DatabaseState> logger)
{
    private const int Away = 1,
        ReadOnly = 2;

    private int _state;

    /// <summary>Whether PostgreSQL did not answer when it was last asked.</summary>
    public bool IsKnownAway => Volatile.Read(ref _state) == Away;

    /// <returns>Whether the exception is an outage of PostgreSQL, logged here; any other exception is left to the caller to log.</returns>
    public bool IsAway(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (!DatabaseOutage.Is(exception))
            return false;
        if (Interlocked.Exchange(ref _state, DatabaseOutage.IsReadOnly(exception) ? ReadOnly : Away) == 0)
            Log.Away(logger, exception.Message);
        return true;
    }

    /// <summary>Reports that a read was answered. While PostgreSQL refuses writes, it is asked whether it takes them again.</summary>
    public async ValueTask AnsweredAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(database);
        if (Volatile.Read(ref _state) == ReadOnly)
        {
            await using var ask = database.CreateCommand("show transaction_read_only");
            if (await ask.ExecuteScalarAsync(ct) is not "off")
                return;
        }
        Wrote();
    }

    /// <summary>Reports that a write was committed.</summary>
    public void Wrote()
    {
        if (Volatile.Read(ref _state) != 0 && Interlocked.Exchange(ref _state, 0) != 0)
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
