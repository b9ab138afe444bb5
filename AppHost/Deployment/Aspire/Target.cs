// ASPIREPROBES001: probes are the only way to tell Kubernetes and Container Apps of /health; the API is marked experimental.
#pragma warning disable ASPIREPROBES001
using Microsoft.Extensions.Configuration;

namespace Overnight.AppHost;

/// <summary>
/// Where <c>aspire publish</c>, <c>aspire deploy</c> and azd put the app: one compute environment, chosen by
/// <c>Deploy:Target</c>, for two in one model are an error. Nothing here has a part in a run on this machine.
/// </summary>
internal static class Target
{
    private const string Compose = "compose",
        Kubernetes = "kubernetes",
        ContainerApps = "aca";

    public static void AddTarget(this IDistributedApplicationBuilder builder)
    {
        switch (Chosen(builder))
        {
            case null:
                break;
            case Compose:
                // The dashboard comes along, and telemetry goes to it.
                builder.AddDockerComposeEnvironment(Compose);
                break;
            case Kubernetes:
                builder.AddKubernetesEnvironment(Kubernetes);
                break;
            case ContainerApps:
                builder.AddAzureContainerAppEnvironment(ContainerApps);
                break;
            case var other:
                throw new DistributedApplicationException(
                    $"Deploy:Target must be {Compose}, {Kubernetes} or {ContainerApps}, and is '{other}'."
                );
        }
    }

    /// <returns>Null where the target has no database of its own to offer.</returns>
    public static IResourceBuilder<IResourceWithConnectionString>? AddManagedDatabase(
        this IDistributedApplicationBuilder builder,
        string name,
        IResourceBuilder<ParameterResource> password
    ) =>
        Chosen(builder) == ContainerApps
            ? builder.AddAzurePostgresFlexibleServer("postgres").WithPasswordAuthentication(password: password).AddDatabase(name)
            : null;

    /// <returns>Null where the target has no cache of its own to offer.</returns>
    public static IResourceBuilder<IResourceWithConnectionString>? AddManagedCache(
        this IDistributedApplicationBuilder builder,
        string name
    ) => Chosen(builder) == ContainerApps ? builder.AddAzureManagedRedis(name).WithAccessKeyAuthentication() : null;

    /// <summary>What is lost with the cache is in PostgreSQL, and a snapshot would only hold up writes. The image saves unless told otherwise.</summary>
    public static IResourceBuilder<RedisResource> WithoutPersistence(this IResourceBuilder<RedisResource> redis) =>
        redis.WithArgs(context =>
        {
            // The arguments are a shell's: single words in a run, one command line when published.
            if (context.ExecutionContext.IsRunMode)
                context.Args.Add("--save \"\"");
            else
                context.Args[^1] = $"{context.Args[^1]} --save \"\"";
        });

    /// <summary>
    /// In Compose: as the image's own user, for its entry point gives up root by itself but not behind the shell that Aspire may put
    /// before it; and with a check, for Aspire's health checks stay behind in the AppHost.
    /// </summary>
    public static IResourceBuilder<T> AsServer<T>(this IResourceBuilder<T> container, string user, string isReady)
        where T : ContainerResource =>
        Chosen(container.ApplicationBuilder) != Compose
            ? container
            : container.PublishAsDockerComposeService(
                (_, service) =>
                {
                    service.User = user;
                    service.Restart = "unless-stopped";
                    service.Healthcheck = new()
                    {
                        Test = ["CMD-SHELL", isReady],
                        Interval = "2s",
                        Timeout = "2s",
                        StartPeriod = "10s",
                        Retries = 30,
                    };
                }
            );

    /// <summary>A program that ends. Kubernetes has no such resource in Aspire's model: there it is started again, finds nothing to do, and ends again.</summary>
    public static IResourceBuilder<ProjectResource> AsRunOnce(this IResourceBuilder<ProjectResource> project) =>
        Chosen(project.ApplicationBuilder) switch
        {
            // Once and no more, so only when the server answers.
            Compose => project.PublishAsDockerComposeService(
                (_, service) =>
                {
                    if (service.DependsOn.TryGetValue("postgres", out var server))
                        server.Condition = "service_healthy";
                }
            ),
            ContainerApps => project.PublishAsAzureContainerAppJob(),
            _ => project,
        };

    /// <summary>A program that answers requests, and is asked whether it can. With requests it may grow threefold, by the platform's own rule for HTTP.</summary>
    public static IResourceBuilder<ProjectResource> AsService(this IResourceBuilder<ProjectResource> project, int replicas) =>
        project
            .WithHttpProbe(ProbeType.Readiness, "/health")
            .WithHttpProbe(ProbeType.Liveness, "/alive")
            .WithReplicas(replicas, most: replicas * 3);

    /// <summary>A program that goes on until it is told to end, as often as said.</summary>
    public static IResourceBuilder<ProjectResource> AsWorker(this IResourceBuilder<ProjectResource> project, int replicas) =>
        project.WithReplicas(replicas, most: replicas);

    private static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> project, int replicas, int most)
    {
        project.WithReplicas(replicas);
        return Chosen(project.ApplicationBuilder) switch
        {
            // Aspire tells Compose of no replicas.
            Compose => project.PublishAsDockerComposeService(
                (_, service) => (service.Deploy, service.Restart) = (new() { Replicas = replicas }, "unless-stopped")
            ),
            ContainerApps => project.PublishAsAzureContainerApp((_, app) => app.Template.Scale.MaxReplicas = most),
            _ => project,
        };
    }

    private static string? Chosen(IDistributedApplicationBuilder builder) =>
        builder.ExecutionContext.IsPublishMode && builder.Configuration["Deploy:Target"] is { Length: > 0 } target ? target : null;
}
