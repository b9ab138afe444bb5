using Aspire.Hosting.Eventing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Overnight.LocalServers;

namespace Aspire.Hosting;

/// <summary>The parts of the app model that all local servers share.</summary>
internal static partial class LocalServerBuilderExtensions
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
            .OnInitializeResource((resource, started, ct) => PrepareAsync(resource, server, started.Services, prepare, ct));
        preparation.WithCommand(
            KnownResourceCommands.StartCommand,
            "Start",
            context => PrepareAgainAsync(preparation.Resource, server, context, prepare),
            new()
            {
                Description = $"Prepares '{server.Name}' again, and starts it.",
                IconName = "Play",
                IsHighlighted = true,
                UpdateState = context =>
                    context.ResourceSnapshot.State?.Text == KnownResourceStates.FailedToStart
                        ? ResourceCommandState.Enabled
                        : ResourceCommandState.Hidden,
            }
        );

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

    /// <summary>Repeats a failed preparation after its cause, such as a full disk, was corrected, and then starts the server.</summary>
    private static async Task<ExecuteCommandResult> PrepareAgainAsync(
        LocalServerPreparationResource preparation,
        LocalServerResource server,
        ExecuteCommandContext context,
        Func<string, ILogger, CancellationToken, Task<PreparedServer>> prepare
    )
    {
        if (!await PrepareAsync(preparation, server, context.Services, prepare, context.CancellationToken))
            return CommandResults.Failure($"'{server.Name}' can't be prepared: the logs of '{preparation.Name}' say why.");
        return await context
            .Services.GetRequiredService<ResourceCommandService>()
            .ExecuteCommandAsync(server, KnownResourceCommands.StartCommand, context.CancellationToken);
    }

    /// <returns>Whether the server can be started.</returns>
    private static async Task<bool> PrepareAsync(
        LocalServerPreparationResource preparation,
        LocalServerResource server,
        IServiceProvider services,
        Func<string, ILogger, CancellationToken, Task<PreparedServer>> prepare,
        CancellationToken ct
    )
    {
        var notifications = services.GetRequiredService<ResourceNotificationService>();
        var logger = services.GetRequiredService<ResourceLoggerService>().GetLogger(preparation);
        await services
            .GetRequiredService<IDistributedApplicationEventing>()
            .PublishAsync(new BeforeResourceStartedEvent(preparation, services), ct);
        await notifications.PublishUpdateAsync(preparation, now => now with { State = KnownResourceStates.Running, ExitCode = null });
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
            server.Prepared = await prepare(password, logger, ct);
            await notifications.PublishUpdateAsync(preparation, now =>
                now with
                {
                    State = KnownResourceStates.Finished,
                    ExitCode = 0,
                    IsHidden = true,
                }
            );
            return true;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // After any failure the server must not start, and the preparation's log and state must show it.
            Log.Failed(logger, e is DistributedApplicationException ? null : e, e.Message);
            await notifications.PublishUpdateAsync(preparation, now =>
                now with
                {
                    State = new(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error),
                    ExitCode = 1,
                }
            );
            return false;
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
