using System.Data;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Portfolios;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Works through the batches of one run, one at a time: claim, load, calculate, write, commit, cache. The transaction
/// that claims a batch is the one that commits its results, so the row lock is the lease: a worker that dies drops its
/// connection, PostgreSQL rolls back, and the batch is free at once. One per concurrent worker, not thread-safe.
/// </summary>
internal sealed partial class BatchWorker(
    RunContext context,
    NpgsqlDataSource dataSource,
    BatchCacheWriter cacher,
    IOptions<RunOptions> options,
    FaultInjection faults,
    TimeProvider time,
    ILogger<BatchWorker> logger
)
{
    private readonly BatchData _data = new();
    private readonly BatchResultWriter _writer = new();
    private readonly BatchCalculator _calculator = new(context, time, faults);
    private readonly PipelineRun _run = context.Run;
    private CalculationStage _stage;

    // The idle limit frees the batch of a frozen worker. The other settings keep plans to index scans: a batch is a range of ids,
    // whose rows are adjacent in their index, which PostgreSQL does not know; it sometimes prefers to sort.
    internal const string Settings = """
        select set_config('idle_in_transaction_session_timeout', $1, true), set_config('enable_seqscan', 'off', true),
            set_config('enable_bitmapscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)
        """;

    private const string Claim = """
        select b.number, b.first_user, b.last_user, b.size, b.suspect,
            (select count(*) from batch_attempts a where a.run_id = b.run_id and a.number = b.number)::int
        from run_batches b where b.run_id = $1 and b.status = 'pending'
            and exists (select from overnight_job_runs r where r.id = $1 and r.completed_at is null)
        order by b.number limit 1 for no key update of b skip locked
        """;

    /// <summary>Works on the next free batch.</summary>
    /// <returns>False when none is free: all are done, or held by other workers.</returns>
    public async Task<bool> TryWorkAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await ClaimAsync(connection, transaction, ct) is not { } batch)
            return false;
        using var span = Telemetry.StartBatch(_run, batch);
        faults.At("claimed");

        if (batch.Attempts >= (batch.Suspect && batch.Size > 1 ? 1 : options.Value.MaxAttempts))
        {
            if (await BatchSplitter.SplitAsync(connection, transaction, context, batch, BatchFailure.EndedWorker(batch.Attempts), time, ct))
                Log.Split(logger, batch.Number, _run.Id, batch.Attempts, batch.Size);
            else
            {
                Log.UserGivenUp(logger, batch.Number, _run.Id, batch.Attempts);
                RunLog.UserFailed(logger, context, batch.FirstUser, CalculationStage.Score, UserQuarantine.EndedWorker);
            }
            await transaction.CommitAsync(ct);
            return true;
        }

        var attempt = await BatchAttempts.BeginAsync(dataSource, _run.Id, batch.Number, ct);
        try
        {
            await WorkAsync(connection, transaction, batch, ct);
        }
        catch (Exception exception)
        {
            Telemetry.Failed(_run, "batch", span, exception);
            // The process has survived, so the batch did not end its worker.
            await BatchAttempts.ForgetAsync(dataSource, attempt);
            // A lost connection is no fault of the data.
            if (ct.IsCancellationRequested || connection.State != ConnectionState.Open || !DataError.Is(exception))
                throw;
            await transaction.RollbackAsync(ct);
            if (await BatchSplitter.SplitFailedAsync(dataSource, context, batch, BatchFailure.Of(_stage, exception), time, ct))
                Log.SplitForData(logger, batch.Number, _run.Id, batch.Size, _stage, exception);
            else
            {
                Log.UserFailed(logger, batch.Number, _run.Id, _stage, exception);
                RunLog.UserFailed(logger, context, batch.FirstUser, _stage, BatchCalculator.Unexpected);
            }
            return true;
        }
        await cacher.TryCacheAsync(connection, _run, batch.Number, _calculator.Results, ct);
        faults.At("cached");
        return true;
    }

    private async Task WorkAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, ClaimedBatch batch, CancellationToken ct)
    {
        var begin = Stopwatch.GetTimestamp();
        _stage = CalculationStage.Load;
        await BatchLoader.LoadAsync(connection, transaction, batch, context, _data, ct);
        faults.At("loaded");
        _stage = CalculationStage.Score;
        _calculator.Calculate(_data, batch.Number);
        faults.At("calculated");
        _stage = CalculationStage.Write;
        await _writer.WriteAsync(
            connection,
            transaction,
            context,
            batch.Number,
            _data,
            _calculator,
            Stopwatch.GetElapsedTime(begin).TotalMilliseconds,
            ct
        );
        faults.At("written");
        await transaction.CommitAsync(ct);
        faults.At("committed");
        var took = Stopwatch.GetElapsedTime(begin);
        Telemetry.BatchDone(_run.Market, _calculator.Results.Count, _calculator.Failures.Count, took);
        RunLog.Processed(logger, context, batch.Number, _calculator.Results.Count, _calculator.Failures, took);
    }

    private async Task<ClaimedBatch?> ClaimAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    {
        await using NpgsqlBatch commands = new(connection, transaction)
        {
            BatchCommands =
            {
                Statement.Of(Settings, $"{options.Value.IdleInTransactionTimeout.TotalMilliseconds:F0}"),
                Statement.Of(Claim, _run.Id),
            },
        };
        await commands.PrepareAsync(ct);
        await using var reader = await commands.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        if (!await reader.ReadAsync(ct))
            return null;
        return new(reader.GetInt32(0), reader.GetGuid(1), reader.GetGuid(2), reader.GetInt32(3), reader.GetBoolean(4), reader.GetInt32(5));
    }

    private static partial class Log
    {
        [LoggerMessage(
            561,
            LogLevel.Warning,
            "Batch {Batch} of run {RunId} ended its worker too often (attempts: {Attempts}); its users ({Size}) are split into smaller batches to find the one at fault."
        )]
        public static partial void Split(ILogger logger, int batch, Guid runId, int attempts, int size);

        [LoggerMessage(
            562,
            LogLevel.Error,
            "The one user of batch {Batch} of run {RunId} ended its worker too often (attempts: {Attempts}) and is recorded as failed; see run_failures."
        )]
        public static partial void UserGivenUp(ILogger logger, int batch, Guid runId, int attempts);

        [LoggerMessage(
            563,
            LogLevel.Warning,
            "Batch {Batch} of run {RunId} failed at stage {Stage} because of the stored data of one of its users ({Size}); it is split into smaller batches to find that user."
        )]
        public static partial void SplitForData(
            ILogger logger,
            int batch,
            Guid runId,
            int size,
            CalculationStage stage,
            Exception exception
        );

        [LoggerMessage(
            564,
            LogLevel.Error,
            "The one user of batch {Batch} of run {RunId} failed at stage {Stage} and is recorded as failed; see run_failures."
        )]
        public static partial void UserFailed(ILogger logger, int batch, Guid runId, CalculationStage stage, Exception exception);
    }
}
