using Npgsql;
using Overnight.Core.Runs;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Pages.Operations;

/// <summary>What the operations pages show, as rows.</summary>
internal static class OperationsData
{
    /// <param name="failed">How many users of it failed; each has a failure.</param>
    /// <param name="metrics">JSON; null for that of a plain run.</param>
    public static async Task<Guid> AddRunAsync(
        this NpgsqlDataSource database,
        DateTimeOffset start,
        string market = "NYSE",
        string date = "2026-11-20",
        int failed = 0,
        bool isFinished = true,
        string? metrics = null
    )
    {
        var id = Guid.CreateVersion7(start);
        await database.ExecuteAsync("insert into markets (code, name) values ($1, $1) on conflict do nothing", market);
        await database.ExecuteAsync(
            """
            insert into overnight_job_runs (id, job_type, status, market, business_date, revision, trigger, started_at, planned_at, completed_at,
                correlation_id, users_total, users_processed, users_failed, metrics)
            select $1, 'scoring', $2, $3, $4::text::date, coalesce(max(revision), 0) + 1, 'schedule', $5, $6, $7,
                gen_random_uuid(), 1000, $8, $9, $10::text::json
            from overnight_job_runs where job_type = 'scoring' and market = $3 and business_date = $4::text::date
            """,
            id,
            !isFinished ? "started"
                : failed > 0 ? "partial"
                : "completed",
            market,
            date,
            start,
            start.AddSeconds(2),
            isFinished ? start.AddSeconds(18.2) : DBNull.Value,
            isFinished ? 1000 - failed : 600,
            failed,
            metrics
                ?? """{"fetch_rates_ms":400,"fetch_prices_ms":1100,"process_users_ms":15800,"finalise_ms":200,"assets":40,"rates":12,"work_ms":31000}"""
        );
        for (var user = 0; user < failed; user++)
            await database.ExecuteAsync(
                """
                insert into run_failures (run_id, user_id, stage, reason, detail, occurred_at)
                values ($1, $2, 'score', 'missing_exchange_rate', 'JPY to USD', $3)
                """,
                id,
                Guid.CreateVersion7(start.AddSeconds(user)),
                start.AddSeconds(5)
            );
        // Two that ran at once, one after them, and of a run under way one that has not begun.
        for (var batch = 0; batch < 4; batch++)
        {
            var isDone = isFinished || batch < 2;
            await database.ExecuteAsync(
                """
                insert into run_batches (run_id, number, first_user, last_user, size, status, users_processed, users_failed, work_ms, completed_at, cached_at)
                values ($1, $2, $3, $3, 250, $4, $8, $5, $6, $7, $7)
                """,
                id,
                batch,
                Guid.CreateVersion7(),
                isDone ? "done" : "pending",
                batch == 0 ? failed : 0,
                7_000f,
                isDone ? start.AddSeconds(batch < 2 ? 9 + batch : 17) : DBNull.Value,
                isFinished ? 250
                    : isDone ? 300
                    : 0
            );
        }
        return id;
    }

    public static Task AddProvidersAsync(this NpgsqlDataSource database, Guid run, params ProviderReport[] reports) =>
        database.ExecuteAsync(
            "update overnight_job_runs set metrics = (metrics::jsonb || jsonb_build_object('providers', $2::text::jsonb))::json where id = $1",
            run,
            ProviderReport.Json(reports).GetRawText()
        );
}
