using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Core.Runs;

/// <summary>
/// The worker processes, from the heartbeats that they write to PostgreSQL. They are only displayed; no work depends on them. Times come
/// from each process's own clock.
/// </summary>
public sealed class WorkerDirectory(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Time between heartbeats, age of the last one from which a process counts as silent, and age that deletes its row.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15),
        Silence = TimeSpan.FromSeconds(60),
        Kept = TimeSpan.FromDays(1);

    private const string Beat = """
        with gone as (delete from worker_heartbeats where seen_at < $6 and id <> $1)
        insert into worker_heartbeats (id, host, process_id, started_at, seen_at) values ($1, $2, $3, $4, $5)
        on conflict (id) do update set seen_at = excluded.seen_at
        """;

    /// <summary>Writes a heartbeat, and deletes the rows of processes that have been silent for a day.</summary>
    /// <param name="id">The process's id, which stays the same until it ends.</param>
    public async Task BeatAsync(Guid id, string host, int processId, DateTimeOffset startedAt, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var command = database.Command(Beat, id, host, processId, startedAt, now, now - Kept);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Deletes the row of a process that ends.</summary>
    public async Task LeaveAsync(Guid id, CancellationToken ct)
    {
        await using var command = database.Command("delete from worker_heartbeats where id = $1", id);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <returns>The number of processes that are not silent, and the time of the last heartbeat of all; null without any.</returns>
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

    /// <summary>The processes of the last day, the latest started first.</summary>
    public Task<List<WorkerProcess>> ListAsync(CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            await using var command = database.CreateCommand(
                "select host, process_id, started_at, seen_at from worker_heartbeats order by started_at desc, id"
            );
            await using var reader = await command.ExecuteReaderAsync(ct);
            var silentBefore = time.GetUtcNow() - Silence;
            List<WorkerProcess> processes = [];
            while (await reader.ReadAsync(ct))
            {
                var seen = reader.GetFieldValue<DateTimeOffset>(3);
                processes.Add(
                    new(reader.GetString(0), reader.GetInt32(1), reader.GetFieldValue<DateTimeOffset>(2), seen, seen < silentBefore)
                );
            }
            return processes;
        });
}

/// <summary>A worker process.</summary>
/// <param name="IsSilent">Whether its last heartbeat is older than <see cref="WorkerDirectory.Silence"/>.</param>
public sealed record WorkerProcess(string Host, int ProcessId, DateTimeOffset StartedAt, DateTimeOffset SeenAt, bool IsSilent);
