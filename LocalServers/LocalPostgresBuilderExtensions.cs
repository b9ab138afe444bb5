using Npgsql;
using Overnight.LocalServers;

namespace Aspire.Hosting;

/// <summary>Adds PostgreSQL servers that run as processes of this machine.</summary>
public static class LocalPostgresBuilderExtensions
{
    private const string DefaultDatabase = "postgres";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Adds a PostgreSQL server that runs as a process of this machine, from an installed PostgreSQL or else the npm package. It is for run
    /// mode; in publish mode add a container. It listens on 127.0.0.1, and is healthy when it answers a query.
    /// </summary>
    /// <remarks>
    /// A child resource named <c>{name}-prepare</c> finds the program and initialises the data; where that fails, its log has the reason,
    /// and the server does not start. When the AppHost runs as root, the server runs as <c>postgres</c> or <c>nobody</c>, with its data
    /// in a folder under /var/tmp that the file <c>moved-to</c> in the data directory names.
    /// </remarks>
    /// <param name="builder">The application builder.</param>
    /// <param name="name">The name of the resource.</param>
    /// <param name="password">The password of the superuser <c>postgres</c>; it must stay the same as long as the data is kept.</param>
    /// <param name="dataDirectory">The directory of the data, which is created where it does not exist.</param>
    /// <param name="options">Settings that differ from the defaults.</param>
    public static IResourceBuilder<LocalPostgresServerResource> AddLocalPostgres(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        IResourceBuilder<ParameterResource> password,
        string dataDirectory,
        LocalPostgresOptions? options = null
    )
    {
        options ??= new();
        LocalPostgresServerResource server = new(name, password.Resource);
        return builder
            .AddLocalServer(
                server,
                options.Port,
                (secret, logger, ct) =>
                    OperatingSystem.IsWindows()
                        ? throw new PlatformNotSupportedException()
                        : PostgresPreparation.RunAsync(dataDirectory, secret, options, logger, ct),
                ct => AskAsync(server, DefaultDatabase, ct)
            )
            .WithIconName("DatabaseMultiple");
    }

    /// <summary>Adds a database of the server as a child resource.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="name">The name of the resource.</param>
    /// <param name="databaseName">The name of the database; that of the resource when it is null.</param>
    /// <param name="create">True to create the database, where it does not exist, once the server is ready.</param>
    public static IResourceBuilder<LocalPostgresDatabaseResource> AddDatabase(
        this IResourceBuilder<LocalPostgresServerResource> builder,
        [ResourceName] string name,
        string? databaseName = null,
        bool create = false
    )
    {
        LocalPostgresDatabaseResource database = new(name, databaseName ?? name, builder.Resource);
        var added = builder
            .ApplicationBuilder.AddResource(database)
            .WithInitialState(
                new()
                {
                    ResourceType = "Database",
                    Properties = [],
                    State = KnownResourceStates.NotStarted,
                }
            )
            .WithIconName("Database")
            .ExcludeFromManifest()
            .OnInitializeResource(FollowServerAsync);
        if (create)
        {
            builder.OnResourceReady(
                async (server, _, ct) =>
                    await CreateDatabaseAsync((await server.ConnectionStringExpression.GetValueAsync(ct))!, database.DatabaseName, ct)
            );
            added.WithAnswerCheck(ct => AskAsync(builder.Resource, database.DatabaseName, ct));
        }
        return added;
    }

    /// <summary>Gives the database resource the state of its server.</summary>
    private static async Task FollowServerAsync(
        LocalPostgresDatabaseResource database,
        InitializeResourceEvent started,
        CancellationToken ct
    )
    {
        await foreach (var server in started.Notifications.WatchAsync(ct))
        {
            if (server.Resource != database.Parent || server.Snapshot.State is not { } state)
                continue;
            await started.Notifications.PublishUpdateAsync(database, now =>
                now with
                {
                    State = state,
                    StartTimeStamp = server.Snapshot.StartTimeStamp,
                    StopTimeStamp = server.Snapshot.StopTimeStamp,
                }
            );
        }
    }

    /// <summary>Creates the database where it does not exist.</summary>
    internal static async Task CreateDatabaseAsync(string connectionString, string name, CancellationToken ct)
    {
        await using var connection = await ConnectAsync(connectionString, DefaultDatabase, ct);
        await using NpgsqlCommand exists = new("select exists (select from pg_database where datname = $1)", connection)
        {
            Parameters = { new() { Value = name } },
        };
        if (await exists.ExecuteScalarAsync(ct) is true)
            return;
        await using NpgsqlCommand create = new($"create database \"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", connection);
        await create.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Completes when the server has answered a query.</summary>
    internal static async Task AskAsync(PreparedServer? server, string connectionString, string database, CancellationToken ct)
    {
        if (server is null || !PostgresPreparation.IsReady(server.Home))
            throw new InvalidOperationException("The server does not accept connections yet.");
        await using var connection = await ConnectAsync(connectionString, database, ct);
        await using NpgsqlCommand query = new("select 1", connection);
        await query.ExecuteScalarAsync(ct);
    }

    private static async Task AskAsync(LocalPostgresServerResource server, string database, CancellationToken ct) =>
        await AskAsync(server.Prepared, (await server.ConnectionStringExpression.GetValueAsync(ct))!, database, ct);

    private static async Task<NpgsqlConnection> ConnectAsync(string connectionString, string database, CancellationToken ct)
    {
        NpgsqlConnectionStringBuilder text = new(connectionString)
        {
            Database = database,
            Pooling = false,
            Timeout = (int)Patience.TotalSeconds,
            CommandTimeout = (int)Patience.TotalSeconds,
        };
        NpgsqlConnection connection = new(text.ConnectionString);
        await connection.OpenAsync(ct);
        return connection;
    }
}
