using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>The inputs of the newest run of a past date, from which another run of that date computes again.</summary>
/// <param name="Snapshot">Id of the market snapshot.</param>
/// <param name="Metrics">The metrics of the new run before it computes.</param>
internal sealed record PastRunInputs(Guid Snapshot, RunStatistics Metrics)
{
    private const string Newest = """
        select id, snapshot_id, metrics from overnight_job_runs
        where job_type = 'scoring' and market = $1 and business_date = $2 and id <> $3 and snapshot_id is not null and retry_of is null and as_of is null
        order by number desc limit 1
        """;

    /// <returns>Null when no run of the market and date has a snapshot.</returns>
    public static async Task<PastRunInputs?> FindAsync(NpgsqlConnection connection, PipelineRun run, CancellationToken ct)
    {
        Guid earlier,
            snapshot;
        RunStatistics metrics;
        await using (var command = connection.Command(Newest, run.Market, run.BusinessDate, run.Id))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct))
                return null;
            (earlier, snapshot) = (reader.GetGuid(0), reader.GetGuid(1));
            metrics = RunStatistics.Read(await reader.IsDBNullAsync(2, ct) ? null : reader.GetString(2));
        }
        var captured = await CapturedPortfolios.CountAsync(connection, run, snapshot, ct);
        return new(
            snapshot,
            new()
            {
                Assets = metrics.Assets,
                Rates = metrics.Rates,
                AsOf = new(run.AsOf!.Value, earlier, captured, AsOfMetrics.OfSnapshot),
            }
        );
    }
}
