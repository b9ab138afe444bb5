using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Overnight.LocalServers;

namespace Aspire.Hosting;

/// <summary>The parts of the app model that all local servers share.</summary>
internal static partial class LocalServerBuilder
{
    private const string UnfitForConnectionStrings = ";,\"'\\";

    /// <summary>Adds the server, a child that prepares it, and a health check; the server starts once the child has succeeded.</summary>
    public static IResourceBuilder<T> AddLocalServer<T>(
        this IDistributedApplicationBuilder builder,
        T server,
        int? port,
        Func<string, ILogger, CancellationToken, Task<PreparedServer>> prepare,
        Func<CancellationToken, Task> ask
    )
        where T : LocalServerResource
    {
        var added = builder.AddResource(server);
        var preparation = builder
            .AddResource(new LocalServerPreparationResource($"{server.Name}-prepare"))
            .WithInitialState(
                new()
                {
                    ResourceType = "Preparation",
                    Properties = [],
                    State = KnownResourceStates.NotStarted,
                }
            )
            .WithParentRelationship(added)
            .WithIconName("BoxToolbox")
            .ExcludeFromManifest()
            .OnInitializeResource((resource, started, ct) => PrepareAsync(resource, server, started, prepare, ct));

        return added
            .WithEndpoint(port: port, name: LocalServerResource.EndpointName, scheme: "tcp", isProxied: false)
            .WithEndpoint(LocalServerResource.EndpointName, endpoint => endpoint.TargetHost = "127.0.0.1")
            .WithArgs(context => AddArgumentsAsync(server, context))
            .WithAnswerCheck(ask)
            .WaitForCompletion(preparation)
            .ExcludeFromManifest();
    }

    /// <summary>Adds a health check that sends the server a request.</summary>
    public static IResourceBuilder<T> WithAnswerCheck<T>(this IResourceBuilder<T> builder, Func<CancellationToken, Task> ask)
        where T : IResource
    {
        var key = $"{builder.Resource.Name}_check";
        builder
            .ApplicationBuilder.Services.AddHealthChecks()
            .Add(new(key, _ => new ServerHealthCheck(ask), HealthStatus.Unhealthy, tags: null));
        return builder.WithHealthCheck(key);
    }

    private static async Task PrepareAsync(
        LocalServerPreparationResource preparation,
        LocalServerResource server,
        InitializeResourceEvent started,
        Func<string, ILogger, CancellationToken, Task<PreparedServer>> prepare,
        CancellationToken ct
    )
    {
        await started.Eventing.PublishAsync(new BeforeResourceStartedEvent(preparation, started.Services), ct);
        await started.Notifications.PublishUpdateAsync(preparation, now => now with { State = KnownResourceStates.Running });
        try
        {
            if (OperatingSystem.IsWindows())
                throw new DistributedApplicationException(
                    $"Servers run as local processes on Linux and macOS only. On Windows, configure a connection string for '{server.Name}', or use a container."
                );
            var password = await server.PasswordParameter.GetValueAsync(ct) ?? "";
            if (
                password.Length == 0
                || password.Any(c => UnfitForConnectionStrings.Contains(c) || char.IsWhiteSpace(c) || char.IsControl(c))
            )
                throw new DistributedApplicationException(
                    $"The parameter '{server.PasswordParameter.Name}' must be a password without white space, control characters, and {UnfitForConnectionStrings}"
                );
            server.Prepared = await prepare(password, started.Logger, ct);
            await started.Notifications.PublishUpdateAsync(preparation, now =>
                now with
                {
                    State = KnownResourceStates.Finished,
                    ExitCode = 0,
                    IsHidden = true,
                }
            );
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // After any failure the server must not start, and the preparation's log and state must show it.
            Log.Failed(started.Logger, e is DistributedApplicationException ? null : e, e.Message);
            await started.Notifications.PublishUpdateAsync(preparation, now =>
                now with
                {
                    State = new(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error),
                    ExitCode = 1,
                }
            );
        }
    }

    private static async Task AddArgumentsAsync(LocalServerResource server, CommandLineArgsCallbackContext context)
    {
        var prepared = server.Prepared
            ?? throw new InvalidOperationException($"The server '{server.Name}' was started before its preparation had finished.");
        if (server is LocalPostgresServerResource)
            await PostgresPreparation.WaitForPredecessorAsync(prepared.Home, context.CancellationToken);
        foreach (var argument in (string[])["-c", prepared.Script, prepared.Home, .. prepared.Command, prepared.PortOption])
            context.Args.Add(argument);
        context.Args.Add(server.PrimaryEndpoint.Property(EndpointProperty.TargetPort));
    }

    private static partial class Log
    {
        [LoggerMessage(704, LogLevel.Error, "{Reason}")]
        public static partial void Failed(ILogger logger, Exception? exception, string reason);
    }
}

/// <summary>Finds a server's program and creates its files, once, before the server starts.</summary>
internal sealed class LocalServerPreparationResource(string name) : Resource(name);
