// The resources of Aspire's app model that AppHost.cs uses, each knowing how to run itself as a local process.
using System.Security.Cryptography;
using Overnight.AppHost;
using Overnight.LocalServers;

namespace Aspire.Hosting.ApplicationModel;

public interface IResource
{
    string Name { get; }
}

public interface IResourceWithArgs : IResource;

public interface IResourceWithEnvironment : IResource;

public interface IResourceWithEndpoints : IResource;

public interface IResourceWithWaitSupport : IResource;

public interface IResourceWithConnectionString : IResource
{
    ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default);
}

public interface IResourceBuilder<out T>
    where T : IResource
{
    IDistributedApplicationBuilder ApplicationBuilder { get; }
    T Resource { get; }
}

public abstract class Resource : IResource
{
    protected Resource(string name) => Name = name;

    public string Name { get; }

    internal ResourceStatus Status { get; } = new();

    /// <summary>What must have happened before it starts.</summary>
    internal List<Func<Task>> Waits { get; } = [];

    /// <summary>Ends when the resource is ready for those who wait for it.</summary>
    internal virtual Task StartAsync(DistributedApplication app, CancellationToken ct) => Task.CompletedTask;

    internal virtual Task StopAsync() => Task.CompletedTask;
}

public abstract class ParameterDefault
{
    public abstract string GetDefaultValue();
}

public sealed class GenerateParameterDefault : ParameterDefault
{
    public int MinLength { get; set; } = 22;
    public bool Special { get; set; } = true;

    public override string GetDefaultValue() =>
        RandomNumberGenerator.GetString(
            "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ123456789" + (Special ? "-_.{}~()*+!" : ""),
            MinLength
        );
}

public class ParameterResource : Resource
{
    private readonly Lazy<string> value;

    public ParameterResource(string name, Func<ParameterDefault?, string> callback, bool secret = false)
        : base(name) => (value, Secret) = (new(() => callback(Default)), secret);

    public ParameterDefault? Default { get; set; }
    public bool Secret { get; }

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => new(value.Value);

    /// <summary>A missing value is told before anything runs.</summary>
    internal override Task StartAsync(DistributedApplication app, CancellationToken ct) => GetValueAsync(ct).AsTask();
}

internal sealed class ConnectionStringParameterResource(string name, Func<ParameterDefault?, string> callback)
    : ParameterResource(name, callback, secret: true),
        IResourceWithConnectionString
{
    public ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) => GetValueAsync(cancellationToken);
}

public enum ContainerLifetime
{
    Session,
    Persistent,
}

public class ContainerResource(string name, string? entrypoint = null) : Resource(name), IResourceWithWaitSupport
{
    public string? Entrypoint { get; set; } = entrypoint;
}

public class PostgresServerResource(string name, ParameterResource? userName, ParameterResource password)
    : ContainerResource(name),
        IResourceWithConnectionString
{
    private PostgresServer? server;

    public ParameterResource PasswordParameter { get; set; } = password;
    public ParameterResource? UserNameParameter { get; set; } = userName;
    internal int? FixedPort { get; init; }

    public async ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
        (await ServerAsync(cancellationToken)).ConnectionString("postgres");

    internal async Task<PostgresServer> ServerAsync(CancellationToken ct)
    {
        await Status.Ready.WaitAsync(ct);
        return server!;
    }

    internal override async Task StartAsync(DistributedApplication app, CancellationToken ct)
    {
        if (UserNameParameter is not null)
            throw new DistributedApplicationException(
                $"'{Name}' names a user, but the portable stack's PostgreSQL has only 'postgres': leave userName out."
            );
        server = await PostgresServer.StartAsync(
            app.Folder(Name),
            new LineLogger(app, this),
            ct,
            await PasswordParameter.GetValueAsync(ct),
            FixedPort ?? 0,
            binaries: Path.Combine(app.Repository, ".data", "postgres-binaries"),
            ledger: app.Ledger
        );
        Status.Url = $"127.0.0.1:{server.Port}";
        app.Watch(this, server.Exited, () => server.LastLines);
    }

    internal override Task StopAsync() => server?.StopAsync() ?? Task.CompletedTask;
}

public class PostgresDatabaseResource(string name, string databaseName, PostgresServerResource postgresParentResource)
    : Resource(name),
        IResourceWithConnectionString
{
    public string DatabaseName { get; } = databaseName;
    public PostgresServerResource Parent { get; } = postgresParentResource;

    async ValueTask<string?> IResourceWithConnectionString.GetConnectionStringAsync(CancellationToken cancellationToken) =>
        (await Parent.ServerAsync(cancellationToken)).ConnectionString(DatabaseName);

    internal override async Task StartAsync(DistributedApplication app, CancellationToken ct) =>
        await (await Parent.ServerAsync(ct)).EnsureDatabaseAsync(DatabaseName, ct);
}

public class RedisResource(string name) : ContainerResource(name), IResourceWithConnectionString
{
    private CacheServer? server;

    public RedisResource(string name, ParameterResource password)
        : this(name) => PasswordParameter = password;

    public ParameterResource? PasswordParameter { get; }
    internal int? FixedPort { get; init; }

    public async ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default)
    {
        await Status.Ready.WaitAsync(cancellationToken);
        return server!.ConnectionString;
    }

    internal override async Task StartAsync(DistributedApplication app, CancellationToken ct)
    {
        var password = PasswordParameter is null ? null : await PasswordParameter.GetValueAsync(ct);
        server = await CacheServer.StartAsync(
            app.Folder(Name),
            new LineLogger(app, this),
            ct,
            password,
            FixedPort ?? 0,
            repository: app.Repository,
            ledger: app.Ledger
        );
        Status.Url = $"127.0.0.1:{server.Port}";
        app.Watch(this, server.Exited, () => server.LastLines);
    }

    internal override Task StopAsync() => server?.StopAsync() ?? Task.CompletedTask;
}
