using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Core.Warming;

/// <summary>The latest warm of a set, a row of <c>warm_progress</c>.</summary>
/// <param name="Marker">Marker of the cache server that was warmed.</param>
/// <param name="Reached">How far the warm is, in the set's own form.</param>
/// <param name="CompletedAt">Null while the warm is under way, or after it broke.</param>
/// <param name="StuckSince">Time of the first try that broke where the latest one did; null when the latest did not break.</param>
public sealed record WarmProgress(
    string Set,
    Guid RunId,
    string Trigger,
    string Marker,
    string? Reached,
    long Warmed,
    long Failed,
    DateTimeOffset StartedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? CompletedAt,
    DateTimeOffset? StuckSince = null
);

/// <summary>Stores the progress of each set. Only the holder of the set's <see cref="AdvisoryLock"/> writes its row.</summary>
public sealed class WarmProgressStore(NpgsqlDataSource database, TimeProvider time)
{
    private const string Columns =
        "set_name, run_id, trigger, marker, reached, warmed, failed, started_at, updated_at, completed_at, stuck_since";

    public async Task<Dictionary<string, WarmProgress>> ReadAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand($"select {Columns} from warm_progress");
        await using var reader = await command.ExecuteReaderAsync(ct);
        Dictionary<string, WarmProgress> rows = new(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
        {
            rows.Add(
                reader.GetString(0),
                new(
                    reader.GetString(0),
                    reader.GetGuid(1),
                    reader.GetString(2),
                    reader.GetString(3),
                    reader.IsDBNull(4) ? null : reader.GetString(4),
                    reader.GetInt64(5),
                    reader.GetInt64(6),
                    reader.GetFieldValue<DateTimeOffset>(7),
                    reader.GetFieldValue<DateTimeOffset>(8),
                    reader.IsDBNull(9) ? null : reader.GetFieldValue<DateTimeOffset>(9),
                    reader.IsDBNull(10) ? null : reader.GetFieldValue<DateTimeOffset>(10)
                )
            );
        }
        return rows;
    }

    /// <summary>The warm to be done: a broken one of the same cache server, which is resumed, or a new one.</summary>
    public async Task<WarmProgress> BeginAsync(string set, Guid runId, WarmTrigger trigger, string marker, CancellationToken ct)
    {
        var earlier = (await ReadAsync(ct)).GetValueOrDefault(set);
        var now = time.GetUtcNow();
        var progress =
            earlier is { CompletedAt: null } && earlier.Marker == marker
                ? earlier with
                {
                    RunId = runId,
                    UpdatedAt = now,
                }
                : new(set, runId, trigger.Name(), marker, null, 0, 0, now, now, null);
        await WriteAsync(progress, ct);
        return progress;
    }

    public async Task WriteAsync(WarmProgress progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(progress);
        await using var command = database.Command(
            $"""
            insert into warm_progress ({Columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            on conflict (set_name) do update set run_id = $2, trigger = $3, marker = $4, reached = $5, warmed = $6, failed = $7, started_at = $8, updated_at = $9, completed_at = $10, stuck_since = $11
            """,
            progress.Set,
            progress.RunId,
            progress.Trigger,
            progress.Marker,
            progress.Reached,
            progress.Warmed,
            progress.Failed,
            progress.StartedAt,
            time.GetUtcNow(),
            progress.CompletedAt,
            progress.StuckSince
        );
        await command.ExecuteNonQueryAsync(ct);
    }
}
