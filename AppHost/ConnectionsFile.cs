using Microsoft.Extensions.Hosting;

namespace Overnight.AppHost;

/// <summary>Leaves the connections of the running app in <c>connections.json</c>, where a command started beside it finds them.</summary>
internal sealed class ConnectionsFile(
    DataDirectory data,
    DistributedApplicationModel model,
    ProjectResource api,
    ResourceNotificationService notifications
) : BackgroundService
{
    private const string FileName = "connections.json";

    /// <summary>Not the administrator's: only <c>migrations</c> opens that.</summary>
    private static readonly string[] Names = ["overnight", "overnight-sets", "cache"];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var sources = model.Resources.OfType<IResourceWithConnectionString>().Where(resource => Names.Contains(resource.Name)).ToList();
        Dictionary<string, string?> strings = new(StringComparer.Ordinal);
        foreach (var source in sources)
        {
            foreach (var server in model.Resources.Where(r => r.Name is "postgres" or "cache"))
                await notifications.WaitForResourceHealthyAsync(server.Name, stoppingToken);
            strings[source.Name.Replace('-', '_')] = await source.GetConnectionStringAsync(stoppingToken);
        }
        string[] addresses = [await api.GetEndpoint("http").GetValueAsync(stoppingToken) ?? ""];
        data.WriteSecret(FileName, new { ConnectionStrings = strings, services = new { api = new { http = addresses } } });
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        data.Delete(FileName);
    }
}
