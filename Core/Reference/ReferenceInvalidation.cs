using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Actions;
using Overnight.Core.Caching;

namespace Overnight.Core.Reference;

/// <summary>
/// Invalidates cached reference data on every node. Entries are not searched for in the cache: they carry a generation, and an entry with
/// an older one counts as a miss.
/// </summary>
public sealed partial class ReferenceInvalidation(
    TenantGenerations generations,
    CacheStore cache,
    TimeProvider time,
    ILogger<ReferenceInvalidation> logger
)
{
    /// <param name="tenant">Null for every tenant.</param>
    /// <param name="entities">Null for every entity.</param>
    /// <param name="by">Who invalidates them, for the action log.</param>
    /// <param name="cause">The event that made them invalid; null when there is none.</param>
    /// <param name="ct">Ends the call.</param>
    /// <returns>The new generation.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL can't be reached, and nothing was invalidated.</exception>
    public async Task<long> InvalidateAsync(
        Guid? tenant,
        IReadOnlyCollection<ReferenceEntity>? entities,
        Actor by,
        string? cause,
        CancellationToken ct
    )
    {
        var id = tenant ?? TenantGenerations.EveryTenant;
        string[] names = entities is null ? [TenantGenerations.EveryEntity] : [.. entities.Select(entity => entity.FullName)];
        ActionEntry entry = new(by, LoggedAction.Invalidate, "invalidated")
        {
            Target = cause,
            Detail = new { Tenant = tenant, Entities = names },
        };
        var generation = await generations.RaiseAsync(
            id,
            names,
            connection => ActionLog.WriteAsync(connection, entry, time.GetUtcNow(), ct),
            ct
        );
        // A node that misses the message reads the generation from PostgreSQL, as every node does each second.
        cache.Publish(CacheChannel.Raised(id, names, generation));
        Log.Invalidated(logger, string.Join(", ", names), tenant?.ToString("D") ?? "every tenant", generation);
        return generation;
    }

    private static partial class Log
    {
        [LoggerMessage(431, LogLevel.Information, "Cached {Entities} of {Tenant} are invalid from generation {Generation} on.")]
        public static partial void Invalidated(ILogger logger, string entities, string tenant, long generation);
    }
}
