using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Overnight.ServiceDefaults;

/// <summary>
/// Ready means that this node can serve something useful. A dashboard is answered from the cache without the database, and from the database
/// without the cache, so a lost store degrades a node, and only the loss of every store takes it out of service.
/// </summary>
internal static class Readiness
{
    private const string Store = "store";

    /// <summary>A host that vanished answers nothing at all, and an orchestrator gives up on a probe sooner than TCP does.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <summary>Marks the checks that connections brought along: failing, they degrade, and they may not take long.</summary>
    public static void BoundStores(HealthCheckServiceOptions options)
    {
        foreach (var check in options.Registrations.Where(check => check.Tags.Count == 0))
        {
            check.Tags.Add(Store);
            check.FailureStatus = HealthStatus.Degraded;
            check.Timeout = Limit;
        }
    }

    public static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var stores = report.Entries.Values.Where(entry => entry.Tags.Contains(Store)).ToList();
        var lost = stores.Count > 0 && stores.All(entry => entry.Status != HealthStatus.Healthy);
        if (lost)
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        var status = (lost ? HealthStatus.Unhealthy : report.Status).ToString();
        var down = report
            .Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy)
            .Select(Name)
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        return context.Response.WriteAsync(down.Count == 0 ? status : $"{status}: {string.Join(", ", down)}", context.RequestAborted);
    }

    // Only what part it is: an exception's message may name hosts.
    private static string Name(KeyValuePair<string, HealthReportEntry> entry) =>
        !entry.Value.Tags.Contains(Store) ? entry.Key
        : entry.Key.Contains("Redis", StringComparison.Ordinal) ? "cache"
        : "database";
}
