using Microsoft.Extensions.Hosting;

namespace Overnight.AppHost;

/// <summary>
/// Keeps the connection strings of the running app in <c>connections.json</c>, from which a command that is started by hand reads them.
/// </summary>
internal sealed class ConnectionsFile(
    DataDirectory data,
    DistributedApplicationModel model,
    ProjectResource api,
    ResourceNotificationService notifications
) : BackgroundService
{
    private const string FileName = "connections.json";

    /// <summary>The administrator's string is left out: only <c>migrations</c> uses it.</summary>
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
