using System.Net.Sockets;
using Npgsql;

namespace Overnight.Core.Data;

/// <summary>Distinguishes an outage of PostgreSQL from a fault of a query.</summary>
public static class DatabaseOutage
{
    /// <summary>Whether the connection was refused, broken or timed out, or the server is starting, stopping or full.</summary>
    public static bool Is(Exception exception) =>
        exception switch
        {
            PostgresException server => server.IsTransient
                || server.SqlState is PostgresErrorCodes.QueryCanceled
                || server.SqlState.StartsWith("57P", StringComparison.Ordinal),
            NpgsqlException client => client.IsTransient || client.InnerException is SocketException or IOException or TimeoutException,
            // EF Core wraps exceptions of its provider that it considers transient.
            InvalidOperationException { InnerException: NpgsqlException inner } => Is(inner),
            _ => false,
        };
}
