using System.Net.Sockets;
using Npgsql;

namespace Overnight.Core.Data;

/// <summary>
/// Distinguishes an outage of PostgreSQL from a fault of a statement, by the server's error codes (appendix A of its manual) and by the
/// driver's exceptions. This is the only list of them.
/// </summary>
public static class DatabaseOutage
{
    /// <summary>Of intervention by an operator: the server starts, stops, crashed, or ended the session.</summary>
    private const string Intervention = "57P";

    /// <summary>
    /// Whether the server can't be reached, is starting, stopping, full, busy or read-only, or was too slow: the same statement may succeed
    /// later.
    /// </summary>
    public static bool Is(Exception exception) =>
        Cause(exception) switch
        {
            PostgresException server => IsAway(server) || server.IsTransient || server.SqlState is PostgresErrorCodes.QueryCanceled,
            NpgsqlException client => IsAway(client) || client.InnerException is TimeoutException,
            _ => false,
        };

    /// <summary>The same without what is about one statement: a lock that was held, a deadlock, a time-out.</summary>
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

    /// <summary>Whether the server takes no writes: a standby after a failover, or a database that was set so.</summary>
    public static bool IsReadOnly(Exception exception) =>
        Cause(exception) is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction };

    /// <summary>Whether the connection was lost that a statement was sent on, as a pooled one is whose server was restarted.</summary>
    public static bool IsLostConnection(Exception exception) =>
        Cause(exception) switch
        {
            PostgresException server => server.SqlState
                is PostgresErrorCodes.AdminShutdown
                    or PostgresErrorCodes.CrashShutdown
                    or PostgresErrorCodes.IdleSessionTimeout,
            NpgsqlException { InnerException: IOException } => true,
            _ => false,
        };

    /// <summary>
    /// Whether nothing was executed: there was no connection, or the server ended the session instead, and with it the transaction.
    /// </summary>
    public static bool IsUnexecuted(Exception exception) =>
        Cause(exception) switch
        {
            PostgresException server => server.SqlState
                is PostgresErrorCodes.AdminShutdown
                    or PostgresErrorCodes.IdleSessionTimeout
                    or PostgresErrorCodes.CannotConnectNow
                    or PostgresErrorCodes.TooManyConnections,
            NpgsqlException { InnerException: SocketException } => true,
            _ => false,
        };

    /// <summary>EF Core wraps what its provider throws and calls transient.</summary>
    private static Exception Cause(Exception exception) =>
        exception is InvalidOperationException { InnerException: NpgsqlException inner } ? inner : exception;
}
