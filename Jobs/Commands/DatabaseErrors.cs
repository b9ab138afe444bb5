using System.Net.Sockets;
using Npgsql;

namespace Overnight.Jobs.Commands;

/// <summary>Says in one sentence why the database can't be used. Names host, port, database and user, never the password.</summary>
internal static class DatabaseErrors
{
    /// <param name="exception">What Npgsql threw, possibly wrapped.</param>
    /// <param name="dataSource">Where it was thrown; null where that is not known.</param>
    /// <returns>Null when it is no failure of reaching or using the database that a reader could act on.</returns>
    public static string? Explain(Exception exception, NpgsqlDataSource? dataSource)
    {
        var where = dataSource is null ? new() : new NpgsqlConnectionStringBuilder(dataSource.ConnectionString);
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
                    return $"{server} refused to let user \"{where.Username}\" into database \"{database}\": {refused.MessageText}. Correct Username and Password in ConnectionStrings:overnight.";
                case PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName }:
                    return $"{server} has no database \"{database}\". Run the command migrate to create it, or correct Database in ConnectionStrings:overnight.";
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
                    return $"{server} can't be reached (database \"{database}\"): {socket.Message.TrimEnd('.')}. Start it (dotnet run --project AppHost), or correct Host and Port in ConnectionStrings:overnight.";
                case NpgsqlException { InnerException: TimeoutException }:
                    return $"{server} did not answer in time (database \"{database}\"). Check that it runs and is not overloaded, then try again.";
            }
        }
        return exception is NpgsqlException ? $"{server}, database \"{database}\": {exception.Message.TrimEnd('.')}." : null;
    }
}
