using Npgsql;
using Overnight.Core.Actions;
using Overnight.Core.Data;

namespace Overnight.Core.Schedules;

/// <summary>
/// Pauses and resumes the schedules of markets and warm sets. A pause stops what the schedule starts, and nothing else: not a start by
/// hand, a cold start or a deployment.
/// </summary>
public sealed class SchedulePauses(NpgsqlDataSource database, TimeProvider time)
{
    private const string Columns = "kind, name, reason, actor, paused_at, until_at, ended_at";

    // A pause whose time has run out keeps the end that it was given.
    private const string EndOpen = $"""
        update schedule_pauses set ended_at = least(greatest($3, paused_at), until_at) where kind = $1 and name = $2 and ended_at is null
        returning {Columns}, until_at is null or until_at > $3
        """;

    private const string Add = """
        insert into schedule_pauses (id, kind, name, reason, actor, paused_at, until_at) values ($1, $2, $3, $4, $5, $6, $7)
        """;

    /// <summary>The pauses that cover now.</summary>
    public Task<PauseHistory> ReadAsync(CancellationToken ct) => ReadAsync(time.GetUtcNow(), ct);

    /// <summary>The pauses that cover a moment, or began after it.</summary>
    public async Task<PauseHistory> ReadAsync(DateTimeOffset since, CancellationToken ct) => new(await ListAsync(since, ct));

    /// <inheritdoc cref="ReadAsync(DateTimeOffset, CancellationToken)"/>
    public Task<IReadOnlyList<SchedulePause>> ListAsync(DateTimeOffset since, CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            await using var command = database.Command(
                $"select {Columns} from schedule_pauses where coalesce(least(ended_at, until_at), 'infinity') > $1 order by kind, name, paused_at",
                since
            );
            await using var reader = await command.ExecuteReaderAsync(ct);
            List<SchedulePause> pauses = [];
            while (await reader.ReadAsync(ct))
                pauses.Add(Read(reader));
            return (IReadOnlyList<SchedulePause>)pauses;
        });

    /// <summary>Pauses a schedule; one that is paused gets the new reason and end.</summary>
    /// <param name="until">To come; null for until it is resumed.</param>
    public Task<SchedulePause> PauseAsync(
        ScheduleKind kind,
        string name,
        string reason,
        DateTimeOffset? until,
        Actor by,
        CancellationToken ct
    ) =>
        DatabaseRetry.WriteAsync(async () =>
        {
            var now = time.GetUtcNow();
            await using var connection = await database.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            var (_, wasPaused) = await EndAsync(connection, kind, name, now, ct);
            await using (var add = connection.Command(Add, Guid.CreateVersion7(now), kind.Name(), name, reason, by.Name, now, until))
                await add.ExecuteNonQueryAsync(ct);
            await LogAsync(connection, LoggedAction.Pause, wasPaused ? "changed" : "paused", kind, name, new { reason, until }, by, ct);
            await transaction.CommitAsync(ct);
            return new SchedulePause(kind, name, reason, by.Name, now, until, null);
        });

    /// <returns>The pause that was ended; null when the schedule was not paused.</returns>
    public Task<SchedulePause?> ResumeAsync(ScheduleKind kind, string name, Actor by, CancellationToken ct) =>
        DatabaseRetry.WriteAsync(async () =>
        {
            await using var connection = await database.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            var (pause, wasPaused) = await EndAsync(connection, kind, name, time.GetUtcNow(), ct);
            await LogAsync(connection, LoggedAction.Resume, wasPaused ? "resumed" : "not_paused", kind, name, null, by, ct);
            await transaction.CommitAsync(ct);
            return wasPaused ? pause : null;
        });

    private static async Task<(SchedulePause? Pause, bool WasPaused)> EndAsync(
        NpgsqlConnection connection,
        ScheduleKind kind,
        string name,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        // Two pauses of one schedule at once would both find none that is open.
        await using (
            var turn = connection.Command(
                "select pg_advisory_xact_lock(hashtext('overnight.pause'), hashtext($1))",
                $"{kind.Name()} {name}"
            )
        )
            await turn.ExecuteNonQueryAsync(ct);
        await using var end = connection.Command(EndOpen, kind.Name(), name, now);
        await using var reader = await end.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? (Read(reader), reader.GetBoolean(7)) : (null, false);
    }

    private Task LogAsync(
        NpgsqlConnection connection,
        LoggedAction action,
        string outcome,
        ScheduleKind kind,
        string name,
        object? detail,
        Actor by,
        CancellationToken ct
    ) =>
        ActionLog.WriteAsync(
            connection,
            new(by, action, outcome) { Target = $"{kind.Name()} {name}", Detail = detail },
            time.GetUtcNow(),
            ct
        );

    private static SchedulePause Read(NpgsqlDataReader reader) =>
        new(
            reader.GetString(0) == ScheduleKind.Market.Name() ? ScheduleKind.Market : ScheduleKind.Set,
            reader.GetString(1),
            reader.GetString(2),
            reader.GetString(3),
            reader.GetFieldValue<DateTimeOffset>(4),
            reader.IsDBNull(5) ? null : reader.GetFieldValue<DateTimeOffset>(5),
            reader.IsDBNull(6) ? null : reader.GetFieldValue<DateTimeOffset>(6)
        );
}
