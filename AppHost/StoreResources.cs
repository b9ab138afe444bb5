using Microsoft.Extensions.Configuration;

namespace Overnight.AppHost;

/// <summary>The database, and the connection string of each role that opens it.</summary>
/// <param name="Server">The resource that dependents wait for.</param>
/// <param name="Administrator">Creates the database and its roles. Null on a server of one's own without an administrator's connection
/// string: then the owner's role is used for everything.</param>
/// <param name="Owner">The role that owns the database, used by jobs.</param>
/// <param name="Api">The role that reads and writes rows, used by the api.</param>
/// <param name="Sets">The role that reads granted tables only, for warm sets of the configuration. Null where those are off.</param>
internal sealed record StoreResources(
    IResourceBuilder<IResourceWithConnectionString> Server,
    IResourceBuilder<IResourceWithConnectionString>? Administrator,
    IResourceBuilder<IResourceWithConnectionString> Owner,
    IResourceBuilder<IResourceWithConnectionString> Api,
    IResourceBuilder<IResourceWithConnectionString>? Sets
);

internal static class DatabaseExtensions
{
    // Pinned, because a data volume of one major version does not start under another.
    private const string PostgresTag = "18.3",
        RedisTag = "8.2";

    /// <summary>
    /// PostgreSQL: a server of one's own where <c>ConnectionStrings</c> names one, else a container, else a local process.
    /// </summary>
    public static async Task<StoreResources> AddDatabaseAsync(this IDistributedApplicationBuilder builder, string server, string database)
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

        var password = builder
            .AddSecret($"{server}-password")
            .WithDescription("Password of PostgreSQL's superuser, which only `migrations` uses.");
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

    /// <summary>Redis: a server of one's own where <c>ConnectionStrings</c> names one, else a container, else a local process.</summary>
    public static async Task<IResourceBuilder<IResourceWithConnectionString>> AddCacheAsync(
        this IDistributedApplicationBuilder builder,
        string name
    )
    {
        if (builder.HasConnectionString(name))
            return builder.AddConnectionString(name);
        var password = builder.AddSecret($"{name}-password").WithDescription("Password of the cache.");
        if (await builder.ServerKindAsync() == ServerKind.Processes)
            return builder.AddLocalRedis(name, password, builder.DataFolder(name));
        // No snapshots: everything in the cache can be rebuilt from PostgreSQL, and writing a snapshot delays writes.
        var container = builder.AddRedis(name, password: password).WithImageTag(RedisTag).WithArgs("--save", "");
        return builder.ExecutionContext.IsRunMode ? container.WithLifetime(ContainerLifetime.Persistent) : container;
    }

    /// <summary>Passes the connection string to the project under a name; nothing where <paramref name="source"/> is null.</summary>
    public static IResourceBuilder<ProjectResource> WithReference(
        this IResourceBuilder<ProjectResource> project,
        IResourceBuilder<IResourceWithConnectionString>? source,
        string connectionName
    ) => source is null ? project : ResourceBuilderExtensions.WithReference(project, source, connectionName);

    private static StoreResources WithRoles(
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
            Role($"{database}-api", "the api uses"),
            Role($"{database}-sets", "reads for warm sets of the configuration")
        );

        IResourceBuilder<IResourceWithConnectionString> Role(string name, string purpose)
        {
            var user = name.Replace('-', '_');
            var password = builder.AddSecret($"{name}-password").WithDescription($"Password of the database role {user}, which {purpose}.");
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

    /// <param name="name">The resource's name; the configuration key has underscores instead, as environment variables need.</param>
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
