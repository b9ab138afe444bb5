using Npgsql;
using Overnight.Core.Actions;
using Overnight.Core.Data;

namespace Overnight.Core.Runs;

/// <summary>
/// Starts a run that computes only the users that failed in another: the next revision for the same market and business date, with a
/// market snapshot of its own.
/// </summary>
public sealed class RunRetry(NpgsqlDataSource dataSource, RunStore runs, TimeProvider time)
{
    private const string Failed = """
        select (select count(*) from run_failures where run_id = $1) + (select coalesce(sum(size), 0) from run_batches where run_id = $1 and status = 'pending')
        """;

    // A retry of a run that was never planned computes every user.
    private const string Insert = """
        insert into overnight_job_runs (id, job_type, market, business_date, revision, trigger, started_at, correlation_id, traceparent, retry_of, as_of)
        select $1, 'scoring', r.market, r.business_date, n.latest + 1, 'retry', $2, $3, $4, case when r.planned_at is not null then r.id end, r.as_of
        from overnight_job_runs r, lateral (
            select max(revision) as latest, bool_and(completed_at is not null) as finished
            from overnight_job_runs where job_type = 'scoring' and market = r.market and business_date = r.business_date) n
        where r.id = $5 and n.finished
        on conflict (job_type, market, business_date, revision) do nothing
        """;

    /// <param name="runId">A finished run.</param>
    /// <param name="by">Who retries it, for the action log.</param>
    /// <param name="ct">Ends the call.</param>
    /// <returns>The new run; null when no user of <paramref name="runId"/> failed.</returns>
    /// <exception cref="RequestException">There is no such run, or a run of the same market and date is under way.</exception>
    public async Task<PipelineRun?> StartAsync(Guid runId, Actor by, CancellationToken ct)
    {
        var run = await runs.FindAsync(runId, ct) ?? throw new RequestException("run", $"There is no run {runId}.");
        if (!run.IsFinished)
            throw new RequestException("run", $"Run {runId} is still under way; there is nothing to retry before it is finished.");
        using RunStartSpan span = new(run.Market, "retry");
        if (await DatabaseRetry.WriteAsync(() => InsertAsync(run, span.Id, by, ct)) is not { } id)
            return null;
        span.Done(id, true);
        return await runs.FindAsync(id, ct);
    }

    private async Task<Guid?> InsertAsync(PipelineRun run, string? traceparent, Actor by, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var failed = connection.Command(Failed, run.Id))
        {
            if (run.IsPlanned && (long)(await failed.ExecuteScalarAsync(ct))! == 0)
            {
                await LogAsync(connection, by, "nothing_failed", run.Id, null, ct);
                await transaction.CommitAsync(ct);
                return null;
            }
        }

        var id = Guid.CreateVersion7(time.GetUtcNow());
        await using (
            var insert = connection.Command(Insert, id, time.GetUtcNow(), Guid.CreateVersion7(time.GetUtcNow()), traceparent, run.Id)
        )
        {
            if (await insert.ExecuteNonQueryAsync(ct) == 0)
            {
                throw new RequestException(
                    "run",
                    $"Another run of {run.Market} for {run.BusinessDate:yyyy-MM-dd} is under way; retry when it is finished."
                );
            }
        }
        await using var notify = connection.Command("select pg_notify($1, $2)", RunStore.Channel, id.ToString());
        await notify.ExecuteNonQueryAsync(ct);
        await LogAsync(connection, by, "started", run.Id, id, ct);
        await transaction.CommitAsync(ct);
        return id;
    }

    private Task LogAsync(NpgsqlConnection connection, Actor by, string outcome, Guid run, Guid? retry, CancellationToken ct) =>
        ActionLog.WriteAsync(
            connection,
            new(by, LoggedAction.Retry, outcome) { Target = $"{run:D}", Detail = retry is null ? null : new { Retry = retry } },
            time.GetUtcNow(),
            ct
        );
}
