using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Jobs.Pipeline;

/// <summary>Sums over the batches of a run; times are in milliseconds.</summary>
internal sealed record RunTotals(
    long Pending,
    long Processed,
    long Failed,
    long AssetsScored,
    long Recommendations,
    long Batches,
    long Uncached,
    long UsersCached,
    double ProcessMs,
    double CacheMs,
    double WorkMs,
    long Split,
    double FinaliseMs
)
{
    private const string Totals = """
        select count(*) filter (where status = 'pending'), coalesce(sum(users_processed), 0), coalesce(sum(users_failed), 0),
            coalesce(sum(assets_scored), 0), coalesce(sum(recommendations), 0), count(*) filter (where status = 'done'),
            count(*) filter (where status = 'done' and cached_at is null), coalesce(sum(users_processed) filter (where cached_at is not null), 0),
            coalesce(extract(epoch from max(completed_at) - $2) * 1000, 0), coalesce(sum(cache_ms), 0),
            coalesce(sum(work_ms), 0), count(*) filter (where status = 'split'), coalesce(extract(epoch from $3 - max(completed_at)) * 1000, 0)
        from run_batches where run_id = $1
        """;

    public static async Task<RunTotals> ReadAsync(
        NpgsqlConnection connection,
        Guid run,
        DateTimeOffset plannedAt,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        await using var command = connection.Command(Totals, run, plannedAt, now);
        await using var r = await command.ExecuteReaderAsync(ct);
        await r.ReadAsync(ct);
        return new(
            r.GetInt64(0),
            r.GetInt64(1),
            r.GetInt64(2),
            r.GetInt64(3),
            r.GetInt64(4),
            r.GetInt64(5),
            r.GetInt64(6),
            r.GetInt64(7),
            (double)r.GetDecimal(8),
            r.GetFloat(9),
            r.GetFloat(10),
            r.GetInt64(11),
            (double)r.GetDecimal(12)
        );
    }
}
