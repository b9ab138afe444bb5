using System.Net.Sockets;
using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Jobs.Commands;

/// <summary>Says in one sentence why the database can't be used. Names host, port, database and user, never the password.</summary>
internal static class DatabaseErrors
{
    /// <returns>Whether the server accepted the connection and refused a statement.</returns>
    public static bool IsOfWork(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is PostgresException { SqlState: var state })
            {
                // These codes are about the connection, the login, the database's name, or tables that are not migrated yet.
                return !(
                    DatabaseOutage.IsAway(e)
                    || state.StartsWith("08", StringComparison.Ordinal)
                    || state.StartsWith("28", StringComparison.Ordinal)
                    || state
                        is PostgresErrorCodes.InvalidCatalogName
                            or PostgresErrorCodes.UndefinedTable
                            or PostgresErrorCodes.UndefinedColumn
                            or PostgresErrorCodes.UndefinedFunction
                );
            }
        }
        return false;
    }

    /// <inheritdoc cref="Explain(Exception, NpgsqlConnectionStringBuilder?, string)"/>
    /// <param name="dataSource">The data source that was used; null where that is not known.</param>
    public static string? Explain(Exception exception, NpgsqlDataSource? dataSource) =>
        Explain(exception, dataSource is null ? null : new NpgsqlConnectionStringBuilder(dataSource.ConnectionString));

    /// <param name="exception">What Npgsql threw, possibly wrapped.</param>
    /// <param name="where">The connection string that was used; null where that is not known.</param>
    /// <param name="name">Name of the connection string.</param>
    /// <returns>Null when the failure is not one of reaching or using the database.</returns>
    public static string? Explain(Exception exception, NpgsqlConnectionStringBuilder? where, string name = DatabaseConnection.Overnight)
    {
        where ??= [];
        var server = where.Host is null ? "PostgreSQL" : $"PostgreSQL at {where.Host}:{where.Port}";
        var database = where.Database ?? where.Username ?? "(none named)";
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case PostgresException
                {
                    SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
                } refused:
                    return $"{server} refused to let user \"{where.Username}\" into database \"{database}\": {refused.MessageText}. Correct Username and Password in ConnectionStrings:{name}.";
                case PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName }:
                    return $"{server} has no database \"{database}\". Run the command migrate to create it, or correct Database in ConnectionStrings:{name}.";
                case PostgresException
                {
                    SqlState: PostgresErrorCodes.UndefinedTable
                        or PostgresErrorCodes.UndefinedColumn
                        or PostgresErrorCodes.UndefinedFunction
                } missing:
                    return $"Database \"{database}\" of {server} is not up to date: {missing.MessageText}. Run the command migrate first.";
                case PostgresException postgres:
                    return $"{server}, database \"{database}\": {postgres.MessageText} ({postgres.SqlState}).";
                case SocketException socket:
                    return $"{server} can't be reached (database \"{database}\"): {socket.Message.TrimEnd('.')}. Start it (dotnet run --project AppHost), or correct Host and Port in ConnectionStrings:{name}.";
                case NpgsqlException { InnerException: TimeoutException }:
                    return $"{server} did not answer in time (database \"{database}\"). Check that it runs and is not overloaded, then try again.";
            }
        }
        return exception is NpgsqlException ? $"{server}, database \"{database}\": {exception.Message.TrimEnd('.')}." : null;
    }
}
