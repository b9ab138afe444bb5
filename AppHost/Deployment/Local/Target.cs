// Deployment and the Aspire dashboard's buttons are Aspire's own: here, where all runs on this machine, only replicas count.
namespace Overnight.AppHost;

internal static class Target
{
    public static void AddTarget(this IDistributedApplicationBuilder _) { }

    public static IResourceBuilder<IResourceWithConnectionString>? AddManagedDatabase(
        this IDistributedApplicationBuilder _,
        string name,
        IResourceBuilder<ParameterResource> password
    ) => null;

    public static IResourceBuilder<IResourceWithConnectionString>? AddManagedCache(this IDistributedApplicationBuilder _, string name) =>
        null;

    public static IResourceBuilder<RedisResource> WithoutPersistence(this IResourceBuilder<RedisResource> redis) => redis;

    public static IResourceBuilder<T> AsServer<T>(this IResourceBuilder<T> server, string user, string isReady)
        where T : IResource => server;

    public static IResourceBuilder<ProjectResource> AsRunOnce(this IResourceBuilder<ProjectResource> project) => project;

    public static IResourceBuilder<ProjectResource> AsService(this IResourceBuilder<ProjectResource> project, int replicas) =>
        project.WithReplicas(replicas);

    public static IResourceBuilder<ProjectResource> AsWorker(this IResourceBuilder<ProjectResource> project, int replicas) =>
        project.WithReplicas(replicas);

    public static IResourceBuilder<ProjectResource> WithLinks(this IResourceBuilder<ProjectResource> api) => api;

    public static IResourceBuilder<ProjectResource> WithBellDashboard(
        this IResourceBuilder<ProjectResource> jobs,
        IResourceBuilder<ParameterResource> _
    ) => jobs;

    public static IResourceBuilder<ProjectResource> WithCommands(
        this IResourceBuilder<ProjectResource> api,
        IResourceBuilder<ParameterResource> _
    ) => api;
}
