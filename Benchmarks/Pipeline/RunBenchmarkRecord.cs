using System.Text.Json;
using Npgsql;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Pipeline;

/// <summary>A finished night as its rows tell it.</summary>
/// <param name="Total">From the start of the run to the last cache entry. Seconds, as all here.</param>
/// <param name="SetUp">Rates, prices, snapshot and the plan of batches.</param>
/// <param name="Users">From the plan to the last batch committed: load, calculate, write; batches are cached meanwhile.</param>
/// <param name="Cache">Writing to the cache, summed over workers that do it at once.</param>
/// <param name="Work">Load, calculate, write, summed likewise.</param>
/// <param name="Finalise">From the last cache entry to the end of the run.</param>
internal sealed record RunBenchmarkRecord(
    double Total,
    double SetUp,
    double FetchRates,
    double FetchPrices,
    double Users,
    double Work,
    double Cache,
    double Finalise
)
{
    // cached_at is the time its transaction began; the entries were all in cache_ms later.
    private const string Latest = """
        select r.id, r.status, r.users_processed, r.users_failed, r.metrics, b.batches, b.finished, b.work, b.cache,
            extract(epoch from b.cached - r.started_at)::float8, extract(epoch from r.planned_at - r.started_at)::float8,
            extract(epoch from b.committed - r.planned_at)::float8, extract(epoch from r.completed_at - b.cached)::float8
        from overnight_job_runs r, lateral (
            select count(*) as batches, count(*) filter (where status = 'done' and cached_at is not null) as finished, max(completed_at) as committed,
                max(cached_at + cache_ms * interval '1 ms') as cached, sum(work_ms)::float8 / 1000 as work, sum(cache_ms)::float8 / 1000 as cache
            from run_batches where run_id = r.id and status <> 'split') b
        where r.job_type = 'scoring' order by r.started_at desc limit 1
        """;

    private const string Counts =
        "select (select count(*) from calculation_results where run_id = $1), (select count(*) from calculation_events where run_id = $1)";

    /// <summary>Reads the latest run, and checks that it did all it should have.</summary>
    /// <exception cref="BenchmarkException">Something is missing: there is no figure to believe.</exception>
    public static async Task<RunBenchmarkRecord> ReadAsync(NpgsqlDataSource database, long cacheKeys, int users, CancellationToken ct)
    {
        await using var command = database.CreateCommand(Latest);
        await using var row = await command.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct))
            throw new BenchmarkException("There is no run: jobs run did not start one.");
        var run = row.GetGuid(0);
        List<string> wrong = [];
        Expect("status", row.GetString(1), "completed");
        Expect("users computed", row.GetInt32(2), users);
        Expect("users failed", row.GetInt32(3), 0);
        Expect("batches done and cached", row.GetInt64(6), row.GetInt64(5));
        var metrics = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(row.GetString(4))!;
        RunBenchmarkRecord record = new(
            row.GetDouble(9),
            row.GetDouble(10),
            metrics["fetch_rates_ms"].GetDouble() / 1000,
            metrics["fetch_prices_ms"].GetDouble() / 1000,
            row.GetDouble(11),
            row.GetDouble(7),
            row.GetDouble(8),
            row.GetDouble(12)
        );
        await row.CloseAsync();

        await using var counts = database.CreateCommand(Counts);
        counts.Parameters.Add(new() { Value = run });
        await using var counted = await counts.ExecuteReaderAsync(ct);
        await counted.ReadAsync(ct);
        Expect("results", counted.GetInt64(0), users);
        Expect("events", counted.GetInt64(1), 4L * users);
        Expect("keys in the cache", cacheKeys, 2L * users);
        return wrong.Count == 0
            ? record
            : throw new BenchmarkException(
                $"The night is not whole, so its figure does not count: {string.Join("; ", wrong)} (run {run})."
            );

        void Expect<T>(string what, T found, T expected)
            where T : IEquatable<T>
        {
            if (!found.Equals(expected))
                wrong.Add($"{what}: {found} instead of {expected}");
        }
    }
}
