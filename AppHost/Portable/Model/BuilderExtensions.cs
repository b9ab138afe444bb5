// The methods of Aspire's app model that AppHost.cs uses, with Aspire's signatures.
using Microsoft.Extensions.Configuration;
using Overnight.AppHost;

namespace Aspire.Hosting;

public interface IProjectMetadata
{
    string ProjectPath { get; }
}

public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

public static class ParameterResourceBuilderExtensions
{
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder,
        string name,
        bool secret = false
    ) =>
        builder.AddResource(
            new ParameterResource(
                name,
                _ =>
                    builder.Configuration[$"Parameters:{name}"]
                    ?? throw new DistributedApplicationException($"The parameter '{name}' has no value: set Parameters__{name}."),
                secret
            )
        );

    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder,
        string name,
        ParameterDefault value,
        bool secret = false,
        bool persist = false
    ) =>
        builder.AddResource(
            new ParameterResource(
                name,
                generate =>
                    builder.Configuration[$"Parameters:{name}"]
                    ?? (persist ? ((DistributedApplicationBuilder)builder).Persisted(name, generate!) : generate!.GetDefaultValue()),
                secret
            )
            {
                Default = value,
            }
        );

    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(
        this IDistributedApplicationBuilder builder,
        string name,
        string? environmentVariableName = null
    ) =>
        builder.AddResource(
            new ConnectionStringParameterResource(name, _ =>
                builder.Configuration.GetConnectionString(name)
                ?? throw new DistributedApplicationException($"There is no connection string '{name}': set ConnectionStrings__{name}.")
            )
        );
}

public static class PostgresBuilderExtensions
{
    public static IResourceBuilder<PostgresServerResource> AddPostgres(
        this IDistributedApplicationBuilder builder,
        string name,
        IResourceBuilder<ParameterResource>? userName = null,
        IResourceBuilder<ParameterResource>? password = null,
        int? port = null
    )
    {
        password ??= builder.AddParameter(
            $"{name}-password",
            new GenerateParameterDefault { Special = false },
            secret: true,
            persist: true
        );
        return builder.AddResource(new PostgresServerResource(name, userName?.Resource, password.Resource) { FixedPort = port });
    }

    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
        this IResourceBuilder<PostgresServerResource> builder,
        string name,
        string? databaseName = null
    ) => builder.ApplicationBuilder.AddResource(new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource));

    /// <summary>Says what is so here anyway: the data is kept, in the resource's folder.</summary>
    public static IResourceBuilder<PostgresServerResource> WithDataVolume(
        this IResourceBuilder<PostgresServerResource> builder,
        string? name = null,
        bool isReadOnly = false
    ) => builder;
}

public static class ContainerResourceBuilderExtensions
{
    /// <summary>Every process ends with the AppHost here, whatever is asked for.</summary>
    public static IResourceBuilder<T> WithLifetime<T>(this IResourceBuilder<T> builder, ContainerLifetime lifetime)
        where T : ContainerResource => builder;
}

public static class RedisBuilderExtensions
{
    public static IResourceBuilder<RedisResource> AddRedis(
        this IDistributedApplicationBuilder builder,
        string name,
        int? port = null,
        IResourceBuilder<ParameterResource>? password = null
    ) =>
        builder.AddResource(
            password is null ? new RedisResource(name) { FixedPort = port } : new(name, password.Resource) { FixedPort = port }
        );
}

public static class ProjectResourceBuilderExtensions
{
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new() => builder.AddResource(new ProjectResource(name) { Metadata = new TProject() });

    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas) =>
        builder.Change(
            replicas is > 0 and <= 64
                ? project => project.Replicas = replicas
                : throw new DistributedApplicationException($"'{builder.Resource.Name}' can't have {replicas} replicas: 1 to 64 can be.")
        );
}

public static class ResourceBuilderExtensions
{
    public static IResourceBuilder<T> WithArgs<T>(this IResourceBuilder<T> builder, params string[] args)
        where T : IResourceWithArgs => builder.Change(project => project.Arguments.AddRange(args));

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string? value)
        where T : IResourceWithEnvironment => builder.Change(project => project.Variables.Add((_, _) => Task.FromResult((name, value))));

    public static IResourceBuilder<T> WithEnvironment<T>(
        this IResourceBuilder<T> builder,
        string name,
        IResourceBuilder<ParameterResource> parameter
    )
        where T : IResourceWithEnvironment =>
        builder.Change(project => project.Variables.Add(async (_, ct) => (name, await parameter.Resource.GetValueAsync(ct))));

    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        IResourceBuilder<IResourceWithConnectionString> source,
        string? connectionName = null,
        bool optional = false
    )
        where TDestination : IResourceWithEnvironment =>
        builder.Change(project =>
            project.Variables.Add(
                async (_, ct) =>
                    ($"ConnectionStrings__{connectionName ?? source.Resource.Name}", await source.Resource.GetConnectionStringAsync(ct))
            )
        );

    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        IResourceBuilder<IResourceWithServiceDiscovery> source
    )
        where TDestination : IResourceWithEnvironment
    {
        var service = (ProjectResource)source.Resource;
        return builder.Change(project =>
        {
            project.Variables.Add(
                (app, _) => Task.FromResult(($"services__{service.Name}__http__0", service.Endpoint(app)?.ToString().TrimEnd('/')))
            );
            project.Variables.Add(
                (app, _) => Task.FromResult(($"{service.Name.ToUpperInvariant()}_HTTP", service.Endpoint(app)?.ToString().TrimEnd('/')))
            );
        });
    }

    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport => builder.Wait(dependency.Resource, status => status.Ready);

    public static IResourceBuilder<T> WaitForCompletion<T>(
        this IResourceBuilder<T> builder,
        IResourceBuilder<IResource> dependency,
        int exitCode = 0
    )
        where T : IResourceWithWaitSupport => builder.Wait(dependency.Resource, async status =>
        {
            var code = await status.Exited;
            if (code != exitCode)
                throw new DistributedApplicationException(
                    $"it waits for '{dependency.Resource.Name}', which ended with code {code} instead of {exitCode}."
                );
        });

    public static IResourceBuilder<T> WithHttpHealthCheck<T>(
        this IResourceBuilder<T> builder,
        string? path = null,
        int? statusCode = null,
        string? endpointName = null
    )
        where T : IResourceWithEndpoints => builder.Change(project => project.HealthCheck = (path ?? "/", statusCode ?? 200));

    /// <summary>Says what a deployment must know; here every endpoint is on this machine.</summary>
    public static IResourceBuilder<T> WithExternalHttpEndpoints<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEndpoints => builder;

    private static IResourceBuilder<T> Wait<T>(this IResourceBuilder<T> builder, IResource dependency, Func<ResourceStatus, Task> until)
        where T : IResource
    {
        ((Resource)(IResource)builder.Resource).Waits.Add(() => until(((Resource)dependency).Status));
        return builder;
    }

    internal static IResourceBuilder<T> Change<T>(this IResourceBuilder<T> builder, Action<ProjectResource> change)
        where T : IResource
    {
        change((ProjectResource)(IResource)builder.Resource);
        return builder;
    }
}
