using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Core.Runs;

/// <summary>
/// Which worker processes there are, as they say it themselves. To be shown: no work waits for it or depends on it. Times are those of the
/// processes' own clocks.
/// </summary>
public sealed class WorkerDirectory(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>How often a process says that it is there, when it counts as silent, and how long its row is kept then.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15),
        Silence = TimeSpan.FromSeconds(60),
        Kept = TimeSpan.FromDays(1);

    private const string Beat = """
        with gone as (delete from worker_heartbeats where seen_at < $6 and id <> $1)
        insert into worker_heartbeats (id, host, process_id, started_at, seen_at) values ($1, $2, $3, $4, $5)
        on conflict (id) do update set seen_at = excluded.seen_at
        """;

    /// <summary>Says that a process is there, and forgets those that have been silent for a day.</summary>
    /// <param name="id">Of the process, from its start to its end.</param>
    public async Task BeatAsync(Guid id, string host, int processId, DateTimeOffset startedAt, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var command = database.Command(Beat, id, host, processId, startedAt, now, now - Kept);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Says that a process ends.</summary>
    public async Task LeaveAsync(Guid id, CancellationToken ct)
    {
        await using var command = database.Command("delete from worker_heartbeats where id = $1", id);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <returns>How many were heard lately; and when the last of all was, null for never.</returns>
    public Task<(int Heard, DateTimeOffset? LastSeen)> FindAsync(CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            await using var command = database.Command(
                "select count(*) filter (where seen_at >= $1), max(seen_at) from worker_heartbeats",
                time.GetUtcNow() - Silence
            );
            await using var reader = await command.ExecuteReaderAsync(ct);
            await reader.ReadAsync(ct);
            return (
                (int)reader.GetInt64(0),
                await reader.IsDBNullAsync(1, ct) ? (DateTimeOffset?)null : reader.GetFieldValue<DateTimeOffset>(1)
            );
        });
}
