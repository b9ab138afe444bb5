using Npgsql;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Recovery;

/// <summary>What the service warms by itself, as PostgreSQL has it noted.</summary>
internal sealed class WarmWatch(NpgsqlDataSource database)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50),
        Limit = TimeSpan.FromMinutes(1);

    /// <summary>Every set has a row since it was warmed the first time.</summary>
    private const string IsWhole = "select bool_and(coalesce(completed_at >= $1, false)) from warm_progress";

    private const string Times = """
        select extract(epoch from min(started_at) - $1)::float8 * 1000, extract(epoch from max(completed_at) - $1)::float8 * 1000
        from overnight_job_runs where job_type = 'cache-warm' and trigger = 'cold-start' and started_at >= $1
        """;

    /// <summary>Waits until all sets were warmed after <paramref name="since"/>.</summary>
    /// <exception cref="BenchmarkException">They are not within a minute.</exception>
    public async Task WholeAsync(DateTimeOffset since, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        try
        {
            while (true)
            {
                await using var command = Command(IsWhole, since);
                if (await command.ExecuteScalarAsync(limit.Token) is true)
                    return;
                await Task.Delay(Interval, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new BenchmarkException($"jobs has not warmed an empty cache within {Limit.TotalSeconds:F0} s.");
        }
    }

    /// <returns>Milliseconds from <paramref name="since"/> to the begin of the first warm and the end of the last; null when there was
    /// none.</returns>
    public async Task<(double Began, double Ended)?> TimesAsync(DateTimeOffset since, CancellationToken ct)
    {
        await using var command = Command(Times, since);
        await using var row = await command.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct) && !row.IsDBNull(0) && !row.IsDBNull(1) ? (row.GetDouble(0), row.GetDouble(1)) : null;
    }

    private NpgsqlCommand Command(string sql, DateTimeOffset since)
    {
        var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = since });
        return command;
    }
}
