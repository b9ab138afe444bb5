using Microsoft.Extensions.Configuration;

namespace Overnight.AppHost;

/// <summary>The database, and the connection string of each role that opens it.</summary>
/// <param name="Server">What is waited for.</param>
/// <param name="Administrator">Makes database and roles. Null on a server of one's own where it is not given: then there is one
/// role.</param>
/// <param name="Owner">Owns the database: jobs.</param>
/// <param name="Api">Reads and writes rows: api.</param>
/// <param name="Sets">Reads what it is granted: warm sets of the configuration. Null where they are off.</param>
internal sealed record DatabaseResources(
    IResourceBuilder<IResourceWithConnectionString> Server,
    IResourceBuilder<IResourceWithConnectionString>? Administrator,
    IResourceBuilder<IResourceWithConnectionString> Owner,
    IResourceBuilder<IResourceWithConnectionString> Api,
    IResourceBuilder<IResourceWithConnectionString>? Sets
);

internal static class DatabaseExtensions
{
    // Written down, for a data volume made by one major version does not start under another.
    private const string PostgresTag = "18.3",
        RedisTag = "8.2";

    /// <summary>
    /// PostgreSQL: a server of one's own where <c>ConnectionStrings</c> names one, else a container, else a local process.
    /// </summary>
    public static async Task<DatabaseResources> AddDatabaseAsync(
        this IDistributedApplicationBuilder builder,
        string server,
        string database
    )
    {
        if (builder.HasConnectionString(database))
        {
            var owner = builder.AddConnectionString(database);
            return new(
                owner,
                builder.AddGivenConnectionString(server),
                owner,
                builder.AddGivenConnectionString($"{database}-api") ?? owner,
                builder.AddGivenConnectionString($"{database}-sets")
            );
        }

        var password = builder.AddSecret($"{server}-password").WithDescription("Of PostgreSQL's superuser, which only `migrations` is.");
        if (await builder.ServerKindAsync() == ServerKind.Containers)
        {
            var container = builder.AddPostgres(server, password: password).WithImageTag(PostgresTag).WithDataVolume();
            if (builder.ExecutionContext.IsRunMode)
                container.WithLifetime(ContainerLifetime.Persistent);
            return builder.WithRoles(container, container.Resource.PrimaryEndpoint, database);
        }
        var process = builder.AddLocalPostgres(server, password, builder.DataFolder(server));
        return builder.WithRoles(process, process.Resource.PrimaryEndpoint, database);
    }

    /// <summary>Redis: likewise.</summary>
    public static async Task<IResourceBuilder<IResourceWithConnectionString>> AddCacheAsync(
        this IDistributedApplicationBuilder builder,
        string name
    )
    {
        if (builder.HasConnectionString(name))
            return builder.AddConnectionString(name);
        var password = builder.AddSecret($"{name}-password").WithDescription("Of the cache.");
        if (await builder.ServerKindAsync() == ServerKind.Processes)
            return builder.AddLocalRedis(name, password, builder.DataFolder(name));
        // What is lost with the cache is in PostgreSQL, and a snapshot would only hold up writes.
        var container = builder.AddRedis(name, password: password).WithImageTag(RedisTag).WithArgs("--save", "");
        return builder.ExecutionContext.IsRunMode ? container.WithLifetime(ContainerLifetime.Persistent) : container;
    }

    /// <summary>Hands the connection string on under a name, where there is one to hand on.</summary>
    public static IResourceBuilder<ProjectResource> WithReference(
        this IResourceBuilder<ProjectResource> project,
        IResourceBuilder<IResourceWithConnectionString>? source,
        string connectionName
    ) => source is null ? project : ResourceBuilderExtensions.WithReference(project, source, connectionName);

    private static DatabaseResources WithRoles(
        this IDistributedApplicationBuilder builder,
        IResourceBuilder<IResourceWithConnectionString> server,
        EndpointReference endpoint,
        string database
    )
    {
        return new(
            server,
            server,
            Role(database, "owns the database"),
            Role($"{database}-api", "the api is"),
            Role($"{database}-sets", "reads for warm sets of the configuration")
        );

        IResourceBuilder<IResourceWithConnectionString> Role(string name, string purpose)
        {
            var user = name.Replace('-', '_');
            var password = builder.AddSecret($"{name}-password").WithDescription($"Of the database role {user}, which {purpose}.");
            var host = endpoint.Property(EndpointProperty.Host);
            var port = endpoint.Property(EndpointProperty.Port);
            return builder
                .AddConnectionString(
                    name,
                    ReferenceExpression.Create($"Host={host};Port={port};Username={user};Password={password};Database={database}")
                )
                .WithParentRelationship(server);
        }
    }

    private static bool HasConnectionString(this IDistributedApplicationBuilder builder, string name) =>
        !string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(name));

    /// <param name="name">Of the resource; the key is the role's name, which an environment variable can hold.</param>
    private static IResourceBuilder<IResourceWithConnectionString>? AddGivenConnectionString(
        this IDistributedApplicationBuilder builder,
        string name
    )
    {
        var key = name.Replace('-', '_');
        if (!builder.HasConnectionString(key))
            return null;
        var given = builder.AddParameter($"{name}-connection", () => builder.Configuration.GetConnectionString(key)!, secret: true);
        return builder.AddConnectionString(name, ReferenceExpression.Create($"{given}"));
    }

    private static string DataFolder(this IDistributedApplicationBuilder builder, string name) =>
        Path.Combine(DataDirectory.Of(builder).Path, name);
}
