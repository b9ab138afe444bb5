using Npgsql;

namespace Overnight.Core.Caching;

/// <summary>Writes a user's current result to the cache, and never an older one over a newer.</summary>
public sealed class ResultRepair(NpgsqlDataSource database, ResultCache cache, CacheTelemetry telemetry)
{
    /// <exception cref="NpgsqlException">PostgreSQL could not be read.</exception>
    public async Task<RepairOutcome> RepairAsync(Guid userId, CancellationToken ct)
    {
        using var span = CacheTelemetry.Source.StartActivity("results.repair");
        var outcome = RepairOutcome.Failed;
        try
        {
            outcome = cache.IsAway ? RepairOutcome.Dropped : await WriteAsync(userId, ct).ConfigureAwait(false);
        }
        finally
        {
            telemetry.Repaired(outcome);
        }
        return outcome;
    }

    private async Task<RepairOutcome> WriteAsync(Guid userId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(ct).ConfigureAwait(false);
        if (await CurrentResults.LockAsync(connection, transaction, userId, ct).ConfigureAwait(false) is not { } current)
            return RepairOutcome.Gone;
        if (!CacheEntry.IsIntact(current.Recommendations, userId))
            return RepairOutcome.Gone;

        // Bounded by the cache's timeout, for a night's batch may be waiting for this row.
        var written = await cache.SetAsync(userId, current.Recommendations, current.Portfolio).ConfigureAwait(false);
        try
        {
            await transaction.CommitAsync(ct).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The lock was lost, perhaps before it was written, and a newer entry covered: a miss is never wrong.
            await cache.InvalidateAsync(userId).ConfigureAwait(false);
            throw;
        }
        if (!written)
            return RepairOutcome.Failed;

        // Other nodes may hold what this entry replaced.
        cache.Announce(Guid.Empty, userId, userId);
        return RepairOutcome.Written;
    }
}
