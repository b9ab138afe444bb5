using Npgsql;
using Overnight.Core.Auditing;
using Overnight.Core.Data;
using Overnight.Core.Portfolios;
using Overnight.Core.Proof;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>Narrows a batch that ends its workers, or that fails for its data, down to the user at fault, an eighth at a time.</summary>
internal static class BatchSplitter
{
    private const int Parts = 8;

    // The parts get the numbers after the highest; the batch's own row stays, with status split.
    private const string Split = """
        with marked as (update run_batches set status = 'split' where run_id = $1 and number = $2),
        people as (
            select u.id, row_number() over (order by u.id) - 1 as n, count(*) over () as total
            from users u join user_markets m on m.user_id = u.id and m.market = $5 where u.id between $3 and $4),
        parts as (select id, n, n * least($6, total) / total as part from people),
        edges as (select part, id, row_number() over (partition by part order by n) as first,
            row_number() over (partition by part order by n desc) as last, count(*) over (partition by part) as size from parts)
        insert into run_batches (run_id, number, first_user, last_user, size, suspect)
        select $1, (select max(number) from run_batches where run_id = $1) + 1 + f.part, f.id, l.id, f.size, true
        from edges f join edges l on l.part = f.part and l.last = 1 where f.first = 1
        """;

    private const string GiveUp = """
        with failed as (insert into run_failures (run_id, user_id, stage, reason, detail, occurred_at) values ($1, $3, $9, $10, $4, $5)),
        events as (insert into calculation_events (business_date, run_id, user_id, type, occurred_at, payload)
            values ($6, $1, $3, 1, $5, $7), ($6, $1, $3, 4, $5, $8))
        update run_batches set status = 'done', users_failed = 1, completed_at = clock_timestamp(), cached_at = clock_timestamp(),
            leaves = $11, root = $11 where run_id = $1 and number = $2
        """;

    // A run that ended meanwhile is sealed: its batches stay as they are.
    private const string LockPending = """
        select 1 from run_batches where exists (select from overnight_job_runs r where r.id = $1 and r.completed_at is null)
            and run_id = $1 and number = $2 and status = 'pending' for no key update
        """;

    /// <summary>Splits a batch that failed for its data and is rolled back, unless another worker has done it meanwhile.</summary>
    /// <inheritdoc cref="SplitAsync" path="/returns"/>
    public static async Task<bool> SplitFailedAsync(
        NpgsqlDataSource dataSource,
        RunContext context,
        ClaimedBatch batch,
        BatchFailure failure,
        TimeProvider time,
        CancellationToken ct
    )
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (NpgsqlCommand pending = new(LockPending, connection, transaction))
        {
            pending.Parameters.Add(new() { Value = context.Run.Id });
            pending.Parameters.Add(new() { Value = batch.Number });
            if (await pending.ExecuteScalarAsync(ct) is null)
                return true;
        }
        var split = await SplitAsync(connection, transaction, context, batch, failure, time, ct);
        await transaction.CommitAsync(ct);
        return split;
    }

    /// <returns>True when the batch was split; false when it had one user, who is now recorded as failed.</returns>
    public static async Task<bool> SplitAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        RunContext context,
        ClaimedBatch batch,
        BatchFailure failure,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var run = context.Run;
        if (batch.Size == 1)
        {
            await GiveUpAsync(connection, transaction, context, batch, failure, time.GetUtcNow(), ct);
            return false;
        }
        // One split of a run at a time, so that no number is given twice.
        await using NpgsqlBatch split = new(connection, transaction)
        {
            BatchCommands =
            {
                Statement.Of("select pg_advisory_xact_lock(hashtextextended($1::text, 0))", run.Id),
                Statement.Of(Split, run.Id, batch.Number, batch.FirstUser, batch.LastUser, run.Market, Parts),
            },
        };
        await split.ExecuteNonQueryAsync(ct);
        return true;
    }

    private static async Task GiveUpAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        RunContext context,
        ClaimedBatch batch,
        BatchFailure cause,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        EventCodec events = new();
        UserFailure failure = new(
            batch.FirstUser,
            now,
            cause.Stage,
            cause.Reason,
            cause.Detail,
            events.Started(batch.Number, new SaltSource().Next()),
            events.Failed(TimeSpan.Zero, cause.Stage, cause.Reason)
        );
        await using NpgsqlBatch commands = new(connection, transaction)
        {
            BatchCommands =
            {
                Statement.Of(
                    GiveUp,
                    context.Run.Id,
                    batch.Number,
                    failure.UserId,
                    failure.Detail,
                    now,
                    context.Run.BusinessDate,
                    failure.Started,
                    failure.Completed,
                    failure.Stage.ToString().ToLowerInvariant(),
                    failure.Reason,
                    Leaf(context.Run, failure)
                ),
            },
        };
        // A run of a past date does not add to quarantines, which are about the latest run.
        if (context.Run.AsOf is null)
            commands.BatchCommands.Add(UserQuarantine.RecordCommand(context.Run, context.Market.Header.Id, now, [failure]));
        await commands.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The only leaf of the batch, which is its root as well.</summary>
    private static byte[] Leaf(PipelineRun run, UserFailure failure)
    {
        CopyBuffer row = new(1024);
        BatchLeaves leaves = new();
        foreach (
            var (type, payload) in new[] { (CalculationEvent.Started, failure.Started), (CalculationEvent.Completed, failure.Completed) }
        )
        {
            row.Only(HashedColumns.EventFields);
            HashedColumns.Event(row, run.BusinessDate, run.Id, failure.UserId, type, failure.At, payload);
            leaves.Event(row.Row);
        }
        leaves.EndEvents();
        leaves.Leaf(0, failure.UserId, failure.Started, [], []);
        return leaves.ToArray();
    }
}

/// <summary>Why a batch failed; it is recorded for the user once the batch has no other.</summary>
internal readonly record struct BatchFailure(CalculationStage Stage, string Reason, string Detail)
{
    public static BatchFailure EndedWorker(int attempts) =>
        new(CalculationStage.Score, UserQuarantine.EndedWorker, $"The worker ended {attempts} times while it computed this user.");

    public static BatchFailure Of(CalculationStage stage, Exception exception) =>
        new(stage, BatchCalculator.Unexpected, FailureText.Of(exception));
}
