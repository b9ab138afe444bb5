using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Writes committed batches to the cache and marks them as cached. A crash between commit and mark, or a cache that is away, leaves a
/// batch that is done and not cached; it is cached later, from the stored bytes.
/// </summary>
internal sealed partial class BatchCacheWriter(
    NpgsqlDataSource dataSource,
    FencedResultWriter fence,
    CacheStore cache,
    CacheCircuit circuit,
    ILogger<BatchCacheWriter> logger
)
{
    // The bytes of a batch just computed are in memory; only the users for whom it is current are read, under the fence's lock.
    private const string LockCurrent =
        "select user_id from current_results where user_id = any($1) and run_id = $2 order by user_id for share";

    private const string Mark =
        "update run_batches set cached_at = now(), cache_ms = $3 where run_id = $1 and number = $2 and cached_at is null";

    // Locks the batch first, as ClaimUncached does, so that the warm at the end of the run leaves it alone meanwhile.
    private const string Claim = "select 1 from run_batches where run_id = $1 and number = $2 and cached_at is null for no key update";

    private const string ClaimUncached = """
        select number, first_user, last_user from run_batches
        where run_id = $1 and status = 'done' and cached_at is null and number > $2 order by number limit 1 for no key update skip locked
        """;

    // The business date lets PostgreSQL read one monthly partition instead of all.
    internal const string StoredBytes = """
        select r.user_id, r.recommendations, r.portfolio
        from current_results c join calculation_results r on r.user_id = c.user_id and r.business_date = c.business_date and r.run_id = c.run_id
        where c.user_id between $1 and $2 and c.run_id = $3 and r.batch = $4
          and r.user_id between $1 and $2 and r.run_id = $3 and r.business_date = (select business_date from overnight_job_runs where id = $3)
        order by c.user_id for share of c
        """;

    // 1 while caching fails: the failure is logged when it begins, not for every batch.
    private int _isFailing;

    /// <summary>Caches a batch that this worker has just committed, from memory. A cache that is away is not an error.</summary>
    /// <param name="connection">The worker's own, with no transaction under way.</param>
    public async Task<bool> TryCacheAsync(
        NpgsqlConnection connection,
        PipelineRun run,
        int batch,
        IReadOnlyList<UserResult> computed,
        CancellationToken ct
    )
    {
        if (circuit.IsOpen)
            return false;
        using var span = Telemetry.StartCacheWrite(run.Id, computed.Count);
        var begin = Stopwatch.GetTimestamp();
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);
            if (await LockAsync(connection, transaction, run.Id, batch, computed, ct) is not { } current)
                return true;
            await WriteAsync(transaction, run.Id, batch, current, begin, ct);
            Volatile.Write(ref _isFailing, 0);
            return true;
        }
        catch (CacheAwayException exception)
        {
            // The batch stays done and not cached; the warm at the end of the run caches it, or a later one when the cache is back.
            span?.SetStatus(ActivityStatusCode.Error, exception.Message);
            if (Interlocked.Exchange(ref _isFailing, 1) == 0)
                Log.CacheFailed(logger, batch, run.Id, exception.Message);
            return false;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // Another transaction has locked the row of one of its users. The results are stored, so the batch is cached later.
            span?.SetStatus(ActivityStatusCode.Error, exception.MessageText);
            Log.Locked(logger, batch, run.Id, exception.MessageText);
            return false;
        }
    }

    /// <summary>Caches the next batch of the run that is done and not cached, from the stored bytes.</summary>
    /// <param name="after">Number of the batch before.</param>
    /// <returns>Its number, and how many results were cached, null where the row of one of its users is locked; null when there is no such
    /// batch.</returns>
    /// <exception cref="CacheAwayException">The cache is away or takes no writes; the batch stays as it was.</exception>
    public async Task<(int Batch, int? Users)?> CacheNextAsync(Guid runId, int after, CancellationToken ct)
    {
        var begin = Stopwatch.GetTimestamp();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        int batch;
        Guid first,
            last;
        await using (var claim = connection.Command(ClaimUncached, runId, after))
        await using (var reader = await claim.ExecuteReaderAsync(ct))
        {
            if (!await reader.ReadAsync(ct))
                return null;
            (batch, first, last) = (reader.GetInt32(0), reader.GetGuid(1), reader.GetGuid(2));
        }
        List<StoredResult> stored;
        try
        {
            stored = await LockStoredAsync(connection, transaction, runId, batch, first, last, ct);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // The batch is skipped, so that the following ones need not wait.
            Log.Locked(logger, batch, runId, exception.MessageText);
            return (batch, null);
        }
        using var span = Telemetry.StartCacheWrite(runId, stored.Count);
        await WriteAsync(transaction, runId, batch, stored, begin, ct);
        return (batch, stored.Count);
    }

    private static async Task<List<StoredResult>> LockStoredAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        Guid runId,
        int batch,
        Guid first,
        Guid last,
        CancellationToken ct
    )
    {
        List<StoredResult> stored = [];
        await using (var read = connection.Command(StoredBytes, first, last, runId, batch))
        await using (var reader = await read.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
                stored.Add(new(reader.GetGuid(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2)));
        }
        return stored;
    }

    private async Task WriteAsync(
        NpgsqlTransaction transaction,
        Guid runId,
        int batch,
        List<StoredResult> current,
        long begin,
        CancellationToken ct
    )
    {
        var (refused, reason) = await fence.WriteAsync(transaction, current, mark: () =>
            MarkAsync(transaction, runId, batch, Stopwatch.GetElapsedTime(begin), ct)
        );
        // Nodes that keep results in memory get one message per batch. Users are in order of their ids, so first and last are the range.
        if (current.Count > 0)
            cache.Publish(CacheChannel.Changed(runId, current[0].UserId, current[^1].UserId));
        if (refused > 0)
            throw new CacheAwayException($"The cache refused entries of {Plural.Of(refused, "user")}: {reason}");
    }

    /// <returns>The results that are current for their users; null when the batch is cached already.</returns>
    private static async Task<List<StoredResult>?> LockAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        Guid runId,
        int batch,
        IReadOnlyList<UserResult> results,
        CancellationToken ct
    )
    {
        await using NpgsqlBatch commands = new(connection, transaction)
        {
            BatchCommands =
            {
                // A mark that is lost in a crash only means that the batch is cached again.
                new("select set_config('synchronous_commit', 'off', true)"),
                Statement.Of(Claim, runId, batch),
                Statement.Of(LockCurrent, results.Select(r => r.UserId).ToArray(), runId),
            },
        };
        await commands.PrepareAsync(ct);
        List<StoredResult> current = new(results.Count);
        await using var reader = await commands.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        if (!await reader.ReadAsync(ct))
            return null;
        await reader.NextResultAsync(ct);
        var at = 0;
        while (await reader.ReadAsync(ct))
        {
            // Both lists are in order of user ids.
            var userId = reader.GetGuid(0);
            while (results[at].UserId != userId)
                at++;
            current.Add(new(userId, results[at].Recommendations, results[at].Portfolio));
        }
        return current;
    }

    private static async Task MarkAsync(NpgsqlTransaction transaction, Guid runId, int batch, TimeSpan took, CancellationToken ct)
    {
        await using var mark = transaction.Connection!.Command(Mark, runId, batch, (float)took.TotalMilliseconds);
        await mark.ExecuteNonQueryAsync(ct);
    }

    private static partial class Log
    {
        [LoggerMessage(
            552,
            LogLevel.Warning,
            "Batch {Batch} of run {RunId} is stored but not cached yet, because the row of one of its users is locked; it is cached later. {Reason}"
        )]
        public static partial void Locked(ILogger logger, int batch, Guid runId, string reason);

        [LoggerMessage(
            551,
            LogLevel.Warning,
            "Batch {Batch} of run {RunId} is stored but not cached, because the cache is away; it is cached when the cache is back. {Reason}"
        )]
        public static partial void CacheFailed(ILogger logger, int batch, Guid runId, string reason);
    }
}
