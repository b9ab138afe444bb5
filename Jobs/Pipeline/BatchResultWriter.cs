using Npgsql;
using Overnight.Core.Auditing;
using Overnight.Core.Data;
using Overnight.Core.Proof;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Writes a batch inside the transaction that claimed it: events, results and postings by binary COPY, then what is
/// current, who failed, and the batch's own mark with the hashes of what was written. No other transaction sees any of it before the
/// commit.
/// </summary>
internal sealed class BatchResultWriter
{
    private readonly CopyWriter _copy = new();
    private readonly BatchLeaves _leaves = new();

    public async Task WriteAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        RunContext context,
        int batch,
        BatchData data,
        BatchCalculator calculator,
        double workMs,
        CancellationToken ct
    )
    {
        _leaves.Clear();
        await CopyEventsAsync(connection, context.Run, calculator, ct);
        if (calculator.Results.Count > 0)
        {
            await CopyResultsAsync(connection, context.Run, batch, calculator, ct);
            await CopyPostingsAsync(connection, context, batch, calculator, ct);
        }
        var number = calculator.Results.Count;
        foreach (var failure in calculator.Failures)
            _leaves.Leaf(number++, failure.UserId, failure.Started, [], []);
        await MarkAsync(connection, transaction, context, batch, data, calculator, _leaves.ToArray(), workMs, ct);
    }

    private async Task CopyEventsAsync(NpgsqlConnection connection, PipelineRun run, BatchCalculator calculator, CancellationToken ct)
    {
        await _copy.BeginAsync(connection, $"calculation_events ({HashedColumns.EventColumns})", ct);
        foreach (var result in calculator.Results)
        {
            await EventAsync(run, result.UserId, CalculationEvent.Started, result.GeneratedAt, result.Started, ct);
            await EventAsync(run, result.UserId, CalculationEvent.InputsCaptured, result.GeneratedAt, result.Inputs, ct);
            await EventAsync(run, result.UserId, CalculationEvent.ScoresComputed, result.GeneratedAt, result.Scores, ct);
            await EventAsync(run, result.UserId, CalculationEvent.Completed, result.GeneratedAt, result.Completed, ct);
            _leaves.EndEvents();
        }
        foreach (var failure in calculator.Failures)
        {
            await EventAsync(run, failure.UserId, CalculationEvent.Started, failure.At, failure.Started, ct);
            await EventAsync(run, failure.UserId, CalculationEvent.Completed, failure.At, failure.Completed, ct);
            _leaves.EndEvents();
        }
        await _copy.CompleteAsync(ct);
    }

    private async ValueTask EventAsync(
        PipelineRun run,
        Guid userId,
        CalculationEvent type,
        DateTimeOffset at,
        byte[] payload,
        CancellationToken ct
    )
    {
        await _copy.RowAsync(HashedColumns.EventFields, ct);
        HashedColumns.Event(_copy, run.BusinessDate, run.Id, userId, type, at, payload);
        _leaves.Event(_copy.Row);
    }

    private async Task CopyResultsAsync(
        NpgsqlConnection connection,
        PipelineRun run,
        int batch,
        BatchCalculator calculator,
        CancellationToken ct
    )
    {
        await _copy.BeginAsync(connection, $"calculation_results ({HashedColumns.ResultColumns})", ct);
        short position = 0;
        foreach (var result in calculator.Results)
        {
            await _copy.RowAsync(HashedColumns.ResultFields, ct);
            HashedColumns.Result(
                _copy,
                result.UserId,
                run.BusinessDate,
                run.Id,
                batch,
                position,
                result.GeneratedAt,
                result.Recommendations,
                result.Portfolio
            );
            _leaves.Leaf(position++, result.UserId, result.Started, _copy.Row, result.CriteriaHash);
        }
        await _copy.CompleteAsync(ct);
    }

    private async Task CopyPostingsAsync(
        NpgsqlConnection connection,
        RunContext context,
        int batch,
        BatchCalculator calculator,
        CancellationToken ct
    )
    {
        await _copy.BeginAsync(connection, "asset_postings (business_date, asset_id, run_id, batch, positions)", ct);
        foreach (var (asset, bitmap) in calculator.AssetBitmaps.All)
        {
            await _copy.RowAsync(5, ct);
            _copy.Date(context.Run.BusinessDate);
            _copy.Id(context.Market.Assets[asset].Id);
            _copy.Id(context.Run.Id);
            _copy.Integer(batch);
            _copy.Bytes(bitmap);
        }
        await _copy.CompleteAsync(ct);
    }

    // The later run wins: by business date, then by number. A run that retention has dropped counts as older.
    private const string MakeCurrent = """
        insert into current_results as c (user_id, business_date, run_id) select unnest($1), $2, $3
        on conflict (user_id) do update set business_date = excluded.business_date, run_id = excluded.run_id
        where c.business_date < excluded.business_date or (c.business_date = excluded.business_date
            and coalesce((select number from overnight_job_runs where id = c.run_id), 0) < (select number from overnight_job_runs where id = $3))
        """;

    private const string RecordFailures = """
        insert into run_failures (run_id, user_id, stage, reason, detail, occurred_at, quarantined)
        select $1, * from unnest($2, $3, $4, $5, $6, $7)
        """;

    // The clock's time and not that of the transaction, which began when the batch was claimed: deadlines are compared with it.
    private const string MarkDone = """
        update run_batches set status = 'done', users_processed = $3, users_failed = $4, assets_scored = $5, recommendations = $6, work_ms = $7,
            completed_at = clock_timestamp(), leaves = $8, root = $9
        where run_id = $1 and number = $2 and status = 'pending'
            and exists (select from overnight_job_runs r where r.id = $1 and r.completed_at is null)
        """;

    private static async Task MarkAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        RunContext context,
        int batch,
        BatchData data,
        BatchCalculator calculator,
        byte[] leaves,
        double workMs,
        CancellationToken ct
    )
    {
        var (run, results, failures) = (context.Run, calculator.Results, calculator.Failures);
        await using NpgsqlBatch commands = new(connection, transaction);
        commands.BatchCommands.Add(Statement.Of(MakeCurrent, results.ConvertAll(r => r.UserId).ToArray(), run.BusinessDate, run.Id));
        if (failures.Count > 0)
        {
            commands.BatchCommands.Add(RecordFailuresCommand(run, failures));
            if (run.AsOf is null)
                commands.BatchCommands.Add(UserQuarantine.RecordCommand(run, context.Market.Header.Id, failures[0].At, failures));
        }
        // A run of a past date neither adds to nor clears quarantines, which are about the latest run.
        if (data.Failing.Count > 0 && run.AsOf is null)
            commands.BatchCommands.Add(
                UserQuarantine.ForgetCommand(run.Market, [.. results.Select(r => r.UserId).Where(data.Failing.ContainsKey)])
            );
        NpgsqlBatchCommand mark = Statement.Of(
            MarkDone,
            run.Id,
            batch,
            results.Count,
            failures.Count,
            calculator.AssetsScored,
            calculator.Recommendations,
            (float)workMs,
            leaves,
            HashTree.Root(leaves)
        );
        commands.BatchCommands.Add(mark);
        await commands.PrepareAsync(ct);
        await commands.ExecuteNonQueryAsync(ct);
        if (mark.RecordsAffected != 1)
        {
            throw new InvalidOperationException(
                $"Batch {batch} of run {run.Id} was not pending any more, or the run had ended, when its results were written; nothing is committed."
            );
        }
    }

    private static NpgsqlBatchCommand RecordFailuresCommand(PipelineRun run, List<UserFailure> failures) =>
        Statement.Of(
            RecordFailures,
            run.Id,
            failures.ConvertAll(f => f.UserId).ToArray(),
            failures.ConvertAll(f => f.Stage.ToString().ToLowerInvariant()).ToArray(),
            failures.ConvertAll(f => f.Reason).ToArray(),
            failures.ConvertAll(f => f.Detail).ToArray(),
            failures.ConvertAll(f => f.At.UtcDateTime).ToArray(),
            failures.ConvertAll(f => f.Quarantined).ToArray()
        );
}
