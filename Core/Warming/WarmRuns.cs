using System.Diagnostics;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Data;

namespace Overnight.Core.Warming;

/// <summary>
/// Records each try of a set as a row of <c>overnight_job_runs</c> with job_type <c>cache-warm</c>. The user columns count entries of the
/// set; only in the set <c>recommendations</c> are those users.
/// </summary>
public sealed class WarmRuns(NpgsqlDataSource database, TimeProvider time)
{
    private const string Interrupt = """
        update overnight_job_runs set status = 'failed', completed_at = $2, error_details = '{"reason":"interrupted"}'
        where job_type = 'cache-warm' and completed_at is null and metrics ->> 'set' = $1
        """;

    /// <summary>
    /// Records the start of a try. The caller holds the set's <see cref="AdvisoryLock"/>, so an unfinished try of the set is one whose
    /// process has ended.
    /// </summary>
    /// <param name="correlationId">The same for all sets of one warm; that of the run at the end of a run.</param>
    /// <param name="trigger">Why the warm began.</param>
    /// <param name="set">Name of the set.</param>
    /// <param name="ct">Ends the call.</param>
    public async Task<Guid> BeginAsync(Guid correlationId, WarmTrigger trigger, string set, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        await ExecuteAsync(Interrupt, ct, new() { Value = set }, new() { Value = now });
        await ExecuteAsync(
            """
            insert into overnight_job_runs (id, job_type, trigger, started_at, correlation_id, traceparent, metrics) values ($1, 'cache-warm', $2, $3, $4, $5, json_build_object('set', $6))
            """,
            ct,
            new() { Value = id },
            new() { Value = trigger.Name() },
            new() { Value = now },
            new() { Value = correlationId },
            new() { Value = (object?)Activity.Current?.Id ?? DBNull.Value },
            new() { Value = set, NpgsqlDbType = NpgsqlDbType.Text }
        );
        return id;
    }

    public Task EndAsync(Guid id, WarmDeclaration set, WarmOutcome outcome, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(outcome);
        var metrics = JsonSerializer.Serialize(
            new
            {
                set = set.Name,
                phase = (int)set.Phase,
                entries = outcome.Warmed,
                failed = outcome.Failed,
                resumed_at = outcome.ResumedAt,
                time_limit_reached = outcome.IsCutShort,
                entries_left = outcome.Left,
                total_ms = Math.Round(outcome.Duration.TotalMilliseconds, 1),
            }
        );
        var errors = outcome.Error is null ? null : JsonSerializer.Serialize(new { reason = outcome.Error });
        return ExecuteAsync(
            """
            update overnight_job_runs set status = $2, completed_at = $3, users_total = $4, users_processed = $5, users_failed = $6, metrics = $7, error_details = $8 where id = $1
            """,
            ct,
            new() { Value = id },
            new() { Value = outcome.StatusName },
            new() { Value = time.GetUtcNow() },
            new() { Value = Whole(outcome.Warmed + outcome.Failed) },
            new() { Value = Whole(outcome.Warmed) },
            new() { Value = Whole(outcome.Failed) },
            new() { Value = metrics, NpgsqlDbType = NpgsqlDbType.Json },
            new() { Value = (object?)errors ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Json }
        );
    }

    private static int Whole(long count) => (int)Math.Min(count, int.MaxValue);

    private async Task ExecuteAsync(string sql, CancellationToken ct, params NpgsqlParameter[] parameters)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(ct);
    }
}
