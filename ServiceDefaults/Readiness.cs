using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Overnight.ServiceDefaults;

/// <summary>
/// Reports a node as ready while it can serve something useful. A dashboard is answered from the cache without the database, and from the
/// database without the cache, so one lost store degrades a node, and only the loss of all stores takes it out of service.
/// </summary>
internal static class Readiness
{
    /// <summary>Tag of checks that show whether the process lives.</summary>
    public const string Live = "live";

    /// <summary>Tag of checks that query a store.</summary>
    public const string Store = "store";

    /// <summary>A host that vanished does not answer at all, and an orchestrator gives up on a probe sooner than TCP does.</summary>
    public static readonly TimeSpan StoreTimeout = TimeSpan.FromSeconds(3);

    // Of a degraded check only the name is written, because the message of an exception may contain host names.
    public static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var stores = report.Entries.Values.Where(entry => entry.Tags.Contains(Store)).ToList();
        var lost = stores.Count > 0 && stores.All(entry => entry.Status != HealthStatus.Healthy);
        if (lost)
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        var status = (lost ? HealthStatus.Unhealthy : report.Status).ToString();
        var down = report
            .Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy)
            .Select(entry => entry.Value.Status == HealthStatus.Unhealthy ? $"{entry.Key} ({entry.Value.Description})" : entry.Key)
            .Order(StringComparer.Ordinal)
            .ToList();
        return context.Response.WriteAsync(down.Count == 0 ? status : $"{status}: {string.Join(", ", down)}", context.RequestAborted);
    }
}
