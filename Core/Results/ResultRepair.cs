using Npgsql;
using Overnight.Core.Caching;

namespace Overnight.Core.Results;

/// <summary>Writes a user's current result to the cache, never an older result over a newer one.</summary>
public sealed class ResultRepair(
    NpgsqlDataSource database,
    FencedResultWriter fence,
    CacheStore store,
    CacheCircuit circuit,
    CacheTelemetry telemetry
)
{
    /// <exception cref="NpgsqlException">PostgreSQL could not be read.</exception>
    public async Task<RepairOutcome> RepairAsync(Guid userId, CancellationToken ct)
    {
        using var span = CacheTelemetry.Source.StartActivity("results.repair");
        var outcome = RepairOutcome.Failed;
        try
        {
            outcome = circuit.IsOpen ? RepairOutcome.Dropped : await WriteAsync(userId, ct);
        }
        catch (CacheAwayException)
        {
            // The next miss requests the repair again.
        }
        finally
        {
            telemetry.Repaired(outcome);
        }
        return outcome;
    }

    private async Task<RepairOutcome> WriteAsync(Guid userId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (current, _) = await FencedResultWriter.LockAsync(transaction, [userId], ct);
        if (current.Count == 0)
            return RepairOutcome.Gone;
        if (await fence.WriteAsync(transaction, current) is (> 0, _))
            return RepairOutcome.Failed;
        // Other nodes may have the replaced entry in memory.
        store.Publish(CacheChannel.Changed(Guid.Empty, userId, userId));
        return RepairOutcome.Written;
    }
}
