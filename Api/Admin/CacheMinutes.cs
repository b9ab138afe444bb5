using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Api.Admin;

/// <summary>How the reads and writes of the cache of every node went in the last hours.</summary>
/// <param name="StepMinutes">Minutes that each item stands for.</param>
/// <param name="Items">In the order of time; where nothing was asked of the cache there is none.</param>
internal sealed record CacheHistory(DateTimeOffset From, DateTimeOffset Until, int StepMinutes, IReadOnlyList<CacheMinute> Items);

/// <param name="At">Its beginning.</param>
/// <param name="Hits">Reads answered by the cache, or by a node's memory: <paramref name="MemoryHits"/> of them.</param>
/// <param name="HitRate">Hits as a share of hits and misses, 0 to 1.</param>
/// <param name="HitMs">Mean milliseconds of a hit of the cache server; null without any.</param>
internal sealed record CacheMinute(
    DateTimeOffset At,
    long Hits,
    long MemoryHits,
    long Misses,
    long Sets,
    long Errors,
    double? HitRate,
    double? HitMs
);

/// <summary>Keeps this node's figures of the cache by the minute, for a week, and reads those of every node.</summary>
internal sealed class CacheMinutes(CacheTelemetry telemetry, NpgsqlDataSource database, TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1),
        Kept = TimeSpan.FromDays(7);

    // A minute can be written twice, as when the clock was set back.
    private const string Add = """
        insert into cache_minutes (minute, node, hits, memory_hits, misses, sets, errors, hit_ms)
        values (date_trunc('minute', $1::timestamptz), $2, $3, $4, $5, $6, $7, $8)
        on conflict (minute, node) do update set hits = cache_minutes.hits + excluded.hits,
            memory_hits = cache_minutes.memory_hits + excluded.memory_hits, misses = cache_minutes.misses + excluded.misses,
            sets = cache_minutes.sets + excluded.sets, errors = cache_minutes.errors + excluded.errors,
            hit_ms = coalesce(excluded.hit_ms, cache_minutes.hit_ms)
        """;

    private const string Forget = "delete from cache_minutes where minute < $1";

    private const string Query = """
        select date_bin($3, minute, 'epoch') as at, sum(hits)::bigint, sum(memory_hits)::bigint, sum(misses)::bigint, sum(sets)::bigint,
            sum(errors)::bigint, sum(hit_ms * (hits - memory_hits)) / nullif(sum(hits - memory_hits) filter (where hit_ms is not null), 0)
        from cache_minutes where minute >= $1 and minute < $2 group by 1 order by 1
        """;

    private readonly Guid _node = Guid.CreateVersion7(time.GetUtcNow());
    private CacheFigures _written = telemetry.Statistics.Take();

    /// <summary>Adds what was counted since the last time, and deletes what is older than a week.</summary>
    public async Task WriteAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var figures = telemetry.Statistics.Take();
        var latest = figures.Since(_written);
        if (latest.Operations == 0)
            return;
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(
            Statement.Of(
                Add,
                now,
                _node,
                latest.Hits(),
                latest.Count(CacheOutcome.MemoryHit),
                latest.Misses(),
                latest.Sets,
                latest.Errors,
                new NpgsqlParameter
                {
                    Value = (object?)latest.MeanHitTime?.TotalMilliseconds ?? DBNull.Value,
                    NpgsqlDbType = NpgsqlDbType.Double,
                }
            )
        );
        batch.BatchCommands.Add(Statement.Of(Forget, now - Kept));
        await batch.ExecuteNonQueryAsync(ct);
        _written = figures;
    }

    /// <param name="hours">1 to 168.</param>
    public Task<CacheHistory> ReadAsync(int hours, CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            // At most 360 items: more can't be told apart in a picture.
            var step = TimeSpan.FromMinutes(Math.Max(1, hours / 6));
            var until = time.GetUtcNow();
            var from = until.AddHours(-hours);
            await using var command = database.Command(Query, from, until, step);
            await using var reader = await command.ExecuteReaderAsync(ct);
            List<CacheMinute> items = [];
            while (await reader.ReadAsync(ct))
            {
                var (hits, misses) = (reader.GetInt64(1), reader.GetInt64(3));
                items.Add(
                    new(
                        reader.GetFieldValue<DateTimeOffset>(0),
                        hits,
                        reader.GetInt64(2),
                        misses,
                        reader.GetInt64(4),
                        reader.GetInt64(5),
                        CachePeriod.Rounded(hits + misses > 0 ? (double)hits / (hits + misses) : null),
                        CachePeriod.Rounded(reader.IsDBNull(6) ? null : reader.GetDouble(6))
                    )
                );
            }
            return new CacheHistory(from, until, (int)step.TotalMinutes, items);
        });
}

/// <summary>Writes the figures of each minute.</summary>
internal sealed class CacheMinutesLoop(CacheMinutes minutes, DatabaseState database, TimeProvider time, ILogger<CacheMinutesLoop> logger)
    : PeriodicFlushLoop("Figures of the cache", CacheMinutes.Interval, database, time, logger)
{
    protected override Task WriteAsync(CancellationToken ct) => minutes.WriteAsync(ct);
}
