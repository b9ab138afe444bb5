using Npgsql;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Caching;
using Overnight.Core.Runs;
using StackExchange.Redis;

namespace Overnight.Benchmarks.Kill;

/// <summary>What is wrong with a finished night, user by user.</summary>
/// <param name="Duplicates">Users with more than one result or more than four events.</param>
/// <param name="Losses">Users without their result, one of their four events, the mark that the result is current, or their two entries
/// in the cache, byte for byte.</param>
/// <param name="GoneBatches">Batches that a killed cache had held and took with it; their results are all stored.</param>
internal sealed record RunDefects(int Duplicates, int Losses, int GoneBatches)
{
    private const int Chunk = 500,
        Told = 5;

    private const string Stored = """
        select count(*) filter (where r.results > 1 or e.events > 4)::int,
            count(*) filter (where r.results is null or e.events is null or e.types < 4 or c.user_id is null)::int
        from (select m.user_id as id from user_markets m join overnight_job_runs n on n.id = $1 and n.market = m.market) u
        left join (select user_id, count(*) as results from calculation_results where business_date = $2 and run_id = $1 group by 1) r on r.user_id = u.id
        left join (select user_id, count(*) as events, count(distinct type) as types from calculation_events where business_date = $2 and run_id = $1 group by 1) e on e.user_id = u.id
        left join current_results c on c.user_id = u.id and c.business_date = $2 and c.run_id = $1
        """;

    private const string RunState = "select status, users_processed, users_failed from overnight_job_runs where id = $1";

    // cached_at is when the writing began.
    private const string Entries = """
        select r.user_id, r.recommendations, r.portfolio, b.number, b.cached_at
        from calculation_results r join run_batches b on b.run_id = r.run_id and b.number = r.batch
        where r.business_date = $2 and r.run_id = $1
        """;

    private sealed record Entry(Guid User, byte[] Recommendations, byte[] Portfolio, int Batch, DateTimeOffset? CachedAt);

    /// <param name="cacheKilled">When the cache was killed for the last time, if it was.</param>
    /// <exception cref="BenchmarkException">The run did not end as completed, with every user.</exception>
    public static async Task<RunDefects> FindAsync(
        NpgsqlDataSource database,
        CacheServer cache,
        PipelineRun run,
        int users,
        DateTimeOffset? cacheKilled,
        CancellationToken ct
    )
    {
        await CheckStateAsync(database, run, users, ct);
        int duplicates,
            losses;
        await using (var command = Command(database, Stored, run))
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            await reader.ReadAsync(ct);
            (duplicates, losses) = (reader.GetInt32(0), reader.GetInt32(1));
        }
        var (missing, gone) = await CompareAsync(database, cache, run, cacheKilled, ct);
        return new(duplicates, losses + missing, gone);
    }

    private static async Task CheckStateAsync(NpgsqlDataSource database, PipelineRun run, int users, CancellationToken ct)
    {
        await using var command = database.CreateCommand(RunState);
        command.Parameters.Add(new() { Value = run.Id });
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var (status, processed, failed) = (reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2));
        if (status != "completed" || processed != users || failed != 0)
            throw new BenchmarkException(
                $"Run {run.Id} is {status} with {processed} users computed and {failed} failed, instead of completed with {users} and 0."
            );
    }

    private static async Task<(int Missing, int Gone)> CompareAsync(
        NpgsqlDataSource database,
        CacheServer cache,
        PipelineRun run,
        DateTimeOffset? cacheKilled,
        CancellationToken ct
    )
    {
        using var connection = await ConnectionMultiplexer.ConnectAsync(CacheAdmin.Options(cache));
        var missing = 0;
        HashSet<int> gone = [];
        List<Entry> entries = new(Chunk);
        await using var command = Command(database, Entries, run);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            entries.Add(
                new(
                    reader.GetGuid(0),
                    reader.GetFieldValue<byte[]>(1),
                    reader.GetFieldValue<byte[]>(2),
                    reader.GetInt32(3),
                    await reader.IsDBNullAsync(4, ct) ? null : reader.GetFieldValue<DateTimeOffset>(4)
                )
            );
            if (entries.Count == Chunk)
                await CompareChunkAsync();
        }
        await CompareChunkAsync();
        return (missing, gone.Count);

        async Task CompareChunkAsync()
        {
            var values = await connection
                .GetDatabase()
                .StringGetAsync([
                    .. entries.SelectMany(entry => (RedisKey[])[CacheKeys.Recommendations(entry.User), CacheKeys.Portfolio(entry.User)]),
                ]);
            foreach (var (index, entry) in entries.Index())
            {
                var (recommendations, portfolio) = (values[index * 2], values[index * 2 + 1]);
                if (Same(recommendations, entry.Recommendations) && Same(portfolio, entry.Portfolio))
                    continue;
                // A killed cache takes what it held, and nothing else: what is there must be what is stored.
                var isTaken =
                    entry.CachedAt <= cacheKilled
                    && (recommendations.IsNull || Same(recommendations, entry.Recommendations))
                    && (portfolio.IsNull || Same(portfolio, entry.Portfolio));
                if (isTaken)
                    gone.Add(entry.Batch);
                else if (++missing <= Told)
                    Report.Step(
                        $"User {entry.User} is not in the cache as stored: batch {entry.Batch}, cached from {entry.CachedAt:HH:mm:ss.fff}, {State(recommendations, entry.Recommendations)}, {State(portfolio, entry.Portfolio)}; cache killed at {cacheKilled:HH:mm:ss.fff}."
                    );
            }
            entries.Clear();
        }
    }

    private static string State(RedisValue cached, byte[] stored) =>
        cached.IsNull ? "no entry"
        : Same(cached, stored) ? "whole"
        : "another entry";

    private static bool Same(RedisValue cached, byte[] stored) => (byte[]?)cached is { } bytes && bytes.AsSpan().SequenceEqual(stored);

    private static NpgsqlCommand Command(NpgsqlDataSource database, string sql, PipelineRun run)
    {
        var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = run.Id });
        command.Parameters.Add(new() { Value = run.BusinessDate });
        return command;
    }
}
