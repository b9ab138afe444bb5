using System.Data;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Market;
using Overnight.Core.Runs;
using Overnight.Jobs.Providers;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Computes a night and stores nothing: loads, calculates and writes the bytes as a run does, in one transaction that only reads, from
/// stored values, and compares them with the current results. No provider is asked.
/// </summary>
internal sealed class DryRun(
    NpgsqlDataSource dataSource,
    RunStore runs,
    IOptions<RunOptions> options,
    IOptions<ProvidersOptions> providers,
    TimeProvider time
)
{
    private const string Next = """
        select coalesce(max(revision), 0) + 1 from overnight_job_runs where job_type = 'scoring' and market = $1 and business_date = $2
        """;

    private const string Current = """
        select c.user_id, r.recommendations from current_results c join calculation_results r using (user_id, business_date, run_id)
        where c.user_id between $1 and $2
        """;

    /// <exception cref="Core.RequestException">The market is unknown, or the date is no trading day or out of bounds.</exception>
    /// <exception cref="NoMarketValuesException">No price is stored.</exception>
    public async Task<DryRunComparison> RunAsync(string market, DateOnly? date, CancellationToken ct)
    {
        var night = await runs.CheckAsync(market, date, ct);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        // Every statement sees the database as it is now, and none can change it.
        await using (var only = connection.Command("set transaction read only"))
            await only.ExecuteNonQueryAsync(ct);
        var run = await RunOfAsync(connection, night, ct);
        RunContext context = new(run, await MarketAsync(connection, run, ct));
        List<ClaimedBatch> batches = [];
        await using (var ranges = connection.Command(RunPlanner.Ranges, run.Market, options.Value.BatchSize))
        {
            await using var reader = await ranges.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                batches.Add(new(reader.GetInt32(0), reader.GetGuid(1), reader.GetGuid(2), reader.GetInt32(3), false, 0));
        }
        await using (
            var settings = connection.Command(BatchWorker.Settings, $"{options.Value.IdleInTransactionTimeout.TotalMilliseconds:F0}")
        )
            await settings.ExecuteNonQueryAsync(ct);

        DryRunComparison report = new(run);
        BatchData data = new();
        BatchCalculator calculator = new(context, time, FaultInjection.None);
        foreach (var batch in batches)
        {
            await BatchLoader.LoadAsync(connection, transaction, batch, context, data, ct);
            calculator.Calculate(data, batch.Number);
            report.Add(calculator.Results, calculator.Failures.Count, await CurrentAsync(connection, batch, ct));
        }
        return report;
    }

    private async Task<PipelineRun> RunOfAsync(NpgsqlConnection connection, RequestedRun requested, CancellationToken ct)
    {
        await using var next = connection.Command(Next, requested.Market, requested.BusinessDate);
        var revision = (int)(await next.ExecuteScalarAsync(ct))!;
        var now = time.GetUtcNow();
        return new(
            Guid.CreateVersion7(now),
            requested.Market,
            requested.BusinessDate,
            revision,
            "started",
            RunTrigger.Manual.Name(),
            now,
            true,
            Guid.CreateVersion7(now),
            null,
            null,
            AsOf: requested.AsOf
        );
    }

    private async Task<MarketSnapshot> MarketAsync(NpgsqlConnection connection, PipelineRun run, CancellationToken ct)
    {
        if (run.AsOf is not null && await PastRunInputs.FindAsync(connection, run, ct) is { } past)
            return await StoredSnapshot.ReadAsync(connection, past.Snapshot, ct);
        return (await StoredMarketValues.ReadAsync(connection, run, providers.Value, time.GetUtcNow(), ct)).Snapshot;
    }

    private static async Task<Dictionary<Guid, byte[]>> CurrentAsync(NpgsqlConnection connection, ClaimedBatch batch, CancellationToken ct)
    {
        Dictionary<Guid, byte[]> current = [];
        await using var command = connection.Command(Current, batch.FirstUser, batch.LastUser);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            current.Add(reader.GetGuid(0), reader.GetFieldValue<byte[]>(1));
        return current;
    }
}
