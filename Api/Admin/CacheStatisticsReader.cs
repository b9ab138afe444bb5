using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Results;

namespace Overnight.Api.Admin;

/// <summary>Gathers this node's figures of the cache.</summary>
internal sealed class CacheStatisticsReader(
    CacheMonitor monitor,
    CacheCircuit circuit,
    ResultReader results,
    IEnumerable<IChangeHandler> handlers,
    LastKnownEntries lastKnown,
    NpgsqlDataSource database
)
{
    /// <summary>How cached results compare with stored ones, over all processes; null while the database does not answer.</summary>
    public async Task<CacheComparison?> CompareAsync(CancellationToken ct)
    {
        try
        {
            var (compared, differing, last, lastDiffering) = await DatabaseRetry.ReadAsync(() => CacheTruth.ReadAsync(database, ct));
            return new(compared, differing, last, lastDiffering);
        }
        catch (Exception exception) when (DatabaseOutage.Is(exception))
        {
            // The figures of this node are in its memory, and are shown without the database.
            return null;
        }
    }

    public CacheStatisticsAnswer Read()
    {
        var latest = monitor.Latest;
        var entries = handlers.Where(handler => handler != results).Select(handler => handler.Memory).OfType<IMemory>().ToList();
        return new(
            CacheMonitor.Judge(latest).ToString().ToLowerInvariant(),
            circuit.IsAbsent ? "none"
                : circuit.IsOpen ? "open"
                : "closed",
            entries.Any(memory => memory.IsEnabled),
            CachePeriod.From(latest),
            CachePeriod.From(monitor.SinceStart),
            [.. Enum.GetValues<CacheSet>().Select(set => CacheSetPeriod.From(latest, set))],
            new(results.Memory.Bytes, entries.Sum(memory => memory.Bytes), lastKnown.Bytes),
            null
        );
    }
}
