using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Overnight.LocalServers;

namespace Overnight.Benchmarks.Servers;

internal sealed class PostgresServer : ServerProcess
{
    private const string Database = "postgres";

    private PostgresServer(ChildProcess process, string home, int port, string password)
        : base(process, home, port, password) { }

    protected override string StopSignal => ChildProcess.Interrupt;

    /// <param name="folder">Of its data; that of a server that has ended, to start it again.</param>
    /// <exception cref="MissingServerException">There is no PostgreSQL to start.</exception>
    public static async Task<PostgresServer> StartAsync(string folder, string password, LocalPostgresOptions options, CancellationToken ct)
    {
        var prepared = await PostgresPreparation.RunAsync(folder, password, options, NullLogger.Instance, ct);
        await PostgresPreparation.WaitForPredecessorAsync(prepared.Home, ct);
        var port = options.Port ?? FreePort();
        PostgresServer server = new(Start(prepared, port), prepared.Home, port, password);
        await server.ReadyAsync(
            limit => LocalPostgresBuilderExtensions.AskAsync(prepared, server.ConnectionString(Database), Database, limit),
            ct
        );
        return server;
    }

    public string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = IPAddress.Loopback.ToString(),
            Port = Port,
            Username = "postgres",
            Password = Password,
            Database = database,
        }.ConnectionString;

    /// <summary>Makes the database unless it is there.</summary>
    public Task EnsureDatabaseAsync(string name, CancellationToken ct) =>
        LocalPostgresBuilderExtensions.CreateDatabaseAsync(ConnectionString(Database), name, ct);
}
