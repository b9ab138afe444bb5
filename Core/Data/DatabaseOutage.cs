using System.Net.Sockets;
using Npgsql;

namespace Overnight.Core.Data;

/// <summary>
/// Distinguishes an outage of PostgreSQL from a fault of a statement, by the server's error codes (appendix A of its manual) and by the
/// driver's exceptions. This is the only list of them.
/// </summary>
public static class DatabaseOutage
{
    /// <summary>Prefix of the codes of operator intervention: the server starts, stops or crashed, or it ended the session.</summary>
    private const string Intervention = "57P";

    /// <summary>The server ended the session, which waited too long within a transaction, or whose transaction took too long.</summary>
    private const string IdleInTransaction = "25P03",
        TransactionTimeout = "25P04";

    /// <summary>
    /// Whether the server can't be reached, is starting, stopping, full, busy or read-only, or was too slow: the same statement may succeed
    /// later.
    /// </summary>
    public static bool Is(Exception exception) =>
        Cause(exception) switch
        {
            PostgresException server => IsAway(server)
                || server.IsTransient
                || server.SqlState is PostgresErrorCodes.QueryCanceled or IdleInTransaction or TransactionTimeout,
            NpgsqlException client => IsAway(client) || client.InnerException is TimeoutException,
            _ => false,
        };

    /// <summary>Whether the server is unavailable for every statement; false for a lock timeout, deadlock or statement timeout.</summary>
    public static bool IsAway(Exception exception) =>
        Cause(exception) switch
        {
            PostgresException server => server.SqlState.StartsWith(Intervention, StringComparison.Ordinal)
                || server.SqlState is PostgresErrorCodes.TooManyConnections
                || IsReadOnly(server),
            NpgsqlException { InnerException: TimeoutException } => false,
            NpgsqlException client => client.IsTransient || client.InnerException is SocketException or IOException,
            _ => false,
        };

    /// <summary>Whether the server refuses writes, as a standby after a failover or a database that was set to read-only.</summary>
    public static bool IsReadOnly(Exception exception) =>
        Cause(exception) is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction };

    /// <summary>Whether the statement's connection was lost, as pooled connections are after a restart of the server.</summary>
    public static bool IsLostConnection(Exception exception) =>
        Cause(exception) switch
        {
            PostgresException server => server.SqlState
                is PostgresErrorCodes.AdminShutdown
                    or PostgresErrorCodes.CrashShutdown
                    or PostgresErrorCodes.IdleSessionTimeout
                    or IdleInTransaction
                    or TransactionTimeout,
            NpgsqlException { InnerException: IOException } => true,
            _ => false,
        };

    /// <summary>
    /// Whether nothing was executed: no connection was made, or the server ended the session, which rolled its transaction back.
    /// </summary>
    public static bool IsUnexecuted(Exception exception) =>
        Cause(exception) switch
        {
            PostgresException server => server.SqlState
                is PostgresErrorCodes.AdminShutdown
                    or PostgresErrorCodes.IdleSessionTimeout
                    or IdleInTransaction
                    or TransactionTimeout
                    or PostgresErrorCodes.CannotConnectNow
                    or PostgresErrorCodes.TooManyConnections,
            NpgsqlException { InnerException: SocketException } => true,
            _ => false,
        };

    /// <summary>EF Core wraps transient exceptions of the driver in an <see cref="InvalidOperationException"/>.</summary>
    private static Exception Cause(Exception exception) =>
        exception is InvalidOperationException { InnerException: NpgsqlException inner } ? inner : exception;
}
