using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Auditing;
using Overnight.Core.Data;
using Overnight.Core.Market;
using Overnight.Core.Runs;
using Overnight.Jobs.Providers;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Sets a run up: exchange rates once, prices and fundamentals once per asset, the snapshot of them, and the batches of users. All in
/// one transaction that holds the run's row, so that one replica plans. The others poll instead of waiting for the row, since
/// providers may take minutes and a wait for a lock times out before.
/// </summary>
internal sealed partial class RunPlanner(
    NpgsqlDataSource dataSource,
    MarketFeed market,
    RunSpan runSpan,
    IOptions<RunOptions> options,
    IOptions<ProvidersOptions> providers,
    TimeProvider time,
    ILogger<RunPlanner> logger
)
{
    private const string IsPlanned = "select planned_at is not null or completed_at is not null from overnight_job_runs where id = $1";

    private const string LockRun = $"{IsPlanned} for no key update skip locked";

    // The first and last user of each range. Users without a holding that counts are left out when a batch is loaded, since asking
    // here would read every holding once more.
    internal const string Ranges = """
        with active as (
            select u.id, row_number() over (order by u.id) - 1 as n, count(*) over () as total
            from user_markets m join users u on u.id = m.user_id join portfolios p on p.user_id = u.id
            where m.market = $1 and u.deleted_at is null and u.banned_at is null),
        firsts as (select n / $2 as number, id, least($2, total - n) as size from active where n % $2 = 0),
        lasts as (select n / $2 as number, id from active where n % $2 = $2 - 1 or n = total - 1)
        select f.number::int, f.id, l.id, f.size::int from firsts f join lasts l using (number)
        """;

    private const string PlanBatches =
        $"insert into run_batches (run_id, number, first_user, last_user, size) select $3, r.* from ({Ranges}) r (number, first, last, size)";

    // Ranges that hold only users that failed, and users of batches that a failed run left undone.
    private const string PlanRetry = """
        with active as (
            select u.id, row_number() over (order by u.id) as n
            from user_markets m join users u on u.id = m.user_id join portfolios p on p.user_id = u.id
            where m.market = $2 and u.deleted_at is null and u.banned_at is null),
        wanted as (
            select id, n, n - row_number() over (order by n) as island from active a
            where exists (select from run_failures f where f.run_id = $4 and f.user_id = a.id)
               or exists (select from run_batches b where b.run_id = $4 and b.status = 'pending' and a.id between b.first_user and b.last_user)),
        parts as (select id, island, (row_number() over (partition by island order by n) - 1) / $3 as part from wanted),
        ranges as (select (array_agg(id order by id))[1] as first, (array_agg(id order by id desc))[1] as last, count(*) as size from parts group by island, part)
        insert into run_batches (run_id, number, first_user, last_user, size)
        select $1, row_number() over (order by first) - 1, first, last, size from ranges
        """;

    private const string MarkPlanned = """
        update overnight_job_runs set planned_at = $2, snapshot_id = $3, metrics = $4::json, traceparent = $5,
            users_total = (select coalesce(sum(size), 0) from run_batches where run_id = $1)
        where id = $1 returning users_total
        """;

    private const string LimitIdling = "select set_config('idle_in_transaction_session_timeout', $1, true)";

    private const string InsertSnapshot = """
        insert into market_snapshots (id, market, business_date, taken_at, prices_as_of, rates_as_of, payload)
        values ($1, $2, $3, $4, $5, $6, $7)
        """;

    /// <summary>Plans the run unless that is done.</summary>
    /// <returns>False when another replica is planning it.</returns>
    public async Task<bool> TryPlanAsync(PipelineRun run, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await IsAsync(connection, LockRun, run.Id, ct) is not { } isPlanned)
        {
            return await IsAsync(connection, IsPlanned, run.Id, ct)
                ?? throw new InvalidOperationException($"Run {run.Id} is not there any more.");
        }
        if (isPlanned)
            return true;

        run = await runSpan.OpenAsync(run, ct);
        using var span = Telemetry.StartStep("plan", run);
        try
        {
            await PlanAsync(run, connection, transaction, span, ct);
            return true;
        }
        catch (Exception exception)
        {
            Telemetry.Failed(run, "plan", span, exception);
            throw;
        }
    }

    private async Task PlanAsync(
        PipelineRun run,
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        Activity? span,
        CancellationToken ct
    )
    {
        // The transaction waits for providers, so its idle limit is raised; a planner that froze must still lose the run's row.
        await ExecuteAsync(
            connection,
            LimitIdling,
            ct,
            $"{(market.Longest + options.Value.IdleInTransactionTimeout).TotalMilliseconds:F0}"
        );
        var (snapshot, metrics) =
            run.AsOf is null ? await FetchAsync(run, connection, span, ct)
            : await PastRunInputs.FindAsync(connection, run, ct) is { } past ? (past.Snapshot, past.Metrics)
            : await ReadStoredAsync(run, connection, ct);
        await ExecuteAsync(connection, "select ensure_month($1)", ct, run.BusinessDate);
        var batches = run.RetryOf is { } failed
            ? await ExecuteAsync(connection, PlanRetry, ct, run.Id, run.Market, options.Value.BatchSize, failed)
            : await ExecuteAsync(connection, PlanBatches, ct, run.Market, options.Value.BatchSize, run.Id);
        await using var mark = connection.Command(
            MarkPlanned,
            run.Id,
            time.GetUtcNow(),
            snapshot,
            metrics.ToJson(),
            (object?)run.Traceparent ?? DBNull.Value
        );
        var users = (int)(await mark.ExecuteScalarAsync(ct))!;
        await transaction.CommitAsync(ct);
        market.Forget(run);
        RunLog.Started(logger, run, users);
        Log.Planned(logger, run.Id, run.Market, IsoDate.Of(run.BusinessDate), run.Revision, batches, metrics.Assets, metrics.Rates);
    }

    /// <summary>Asks for prices and rates, and stores the snapshot of them.</summary>
    private async Task<(Guid Snapshot, RunStatistics Metrics)> FetchAsync(
        PipelineRun run,
        NpgsqlConnection connection,
        Activity? span,
        CancellationToken ct
    )
    {
        var answer = await market.FetchAsync(run, ct);
        span?.SetTag("fetch_rates_ms", answer.RatesTook.TotalMilliseconds).SetTag("fetch_prices_ms", answer.PricesTook.TotalMilliseconds);
        var snapshot = Snapshot(run, answer.Assets, answer.Quotes, answer.Staleness, time.GetUtcNow());
        await InsertSnapshotAsync(connection, snapshot, ct);
        return (
            snapshot.Header.Id,
            new()
            {
                FetchRatesMs = Math.Round(answer.RatesTook.TotalMilliseconds, 1),
                FetchPricesMs = Math.Round(answer.PricesTook.TotalMilliseconds, 1),
                Assets = answer.Assets.Count,
                Rates = answer.Quotes.Count,
                Providers = ProviderReport.Json(answer.Reports),
            }
        );
    }

    /// <summary>Takes the stored values of a past date of which there is no snapshot; today's prices would be of another time.</summary>
    private async Task<(Guid Snapshot, RunStatistics Metrics)> ReadStoredAsync(
        PipelineRun run,
        NpgsqlConnection connection,
        CancellationToken ct
    )
    {
        var stored = await StoredMarketValues.ReadAsync(connection, run, providers.Value, time.GetUtcNow(), ct);
        await InsertSnapshotAsync(connection, stored.Snapshot, ct);
        return (
            stored.Snapshot.Header.Id,
            new()
            {
                Assets = stored.Snapshot.Assets.Count,
                Rates = stored.Rates,
                AsOf = new(run.AsOf!.Value, null, 0, stored.IsOfThen ? AsOfMetrics.Then : AsOfMetrics.Today),
            }
        );
    }

    /// <summary>The snapshot of these values, with an id of its own.</summary>
    internal static MarketSnapshot Snapshot(
        PipelineRun run,
        IReadOnlyList<QuotedAsset> assets,
        IReadOnlyList<QuotedRate> quotes,
        MarketStaleness staleness,
        DateTimeOffset now
    )
    {
        MarketSnapshotHeader header = new(
            Guid.CreateVersion7(now),
            run.Market,
            run.BusinessDate,
            now,
            assets.Max(a => a.PriceAsOf),
            quotes.Count == 0 ? null : quotes.Max(q => q.AsOf)
        );
        return new(header, [.. assets.Select(a => MinorUnits.Convert(a.Asset))], CrossRates.Compute(quotes), staleness);
    }

    /// <returns>Null where there is no such row, or another transaction holds it.</returns>
    private static async Task<bool?> IsAsync(NpgsqlConnection connection, string sql, Guid run, CancellationToken ct)
    {
        await using var command = connection.Command(sql, run);
        return (bool?)await command.ExecuteScalarAsync(ct);
    }

    private static Task<int> InsertSnapshotAsync(NpgsqlConnection connection, MarketSnapshot snapshot, CancellationToken ct)
    {
        var header = snapshot.Header;
        return ExecuteAsync(
            connection,
            InsertSnapshot,
            ct,
            header.Id,
            header.Market,
            header.BusinessDate,
            header.TakenAt,
            (object?)header.PricesAsOf ?? DBNull.Value,
            (object?)header.RatesAsOf ?? DBNull.Value,
            MarketSnapshotCodec.Encode(snapshot)
        );
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = connection.Command(sql, values);
        return await command.ExecuteNonQueryAsync(ct);
    }

    private static partial class Log
    {
        [LoggerMessage(
            511,
            LogLevel.Information,
            "Run {RunId} ({Market}, {BusinessDate}, revision {Revision}) is planned. Batches: {Batches}, assets: {Assets}, exchange rates: {Rates}."
        )]
        public static partial void Planned(
            ILogger logger,
            Guid runId,
            string market,
            string businessDate,
            int revision,
            int batches,
            int assets,
            int rates
        );
    }
}
