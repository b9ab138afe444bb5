using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Deadlines;
using Overnight.Core.Notices;

namespace Overnight.Core.Warming;

/// <summary>A scheduled warm of a set, a row of <c>warm_deadlines</c>.</summary>
public sealed record ScheduledWarm(string Set, DeadlineTimes Times, DeadlineStatus Status);

/// <summary>Stores the scheduled warms and where they stand against their deadlines.</summary>
public sealed class WarmDeadlines(NpgsqlDataSource database, NoticeOutbox outbox)
{
    /// <summary>How long finished warms are kept; a set may be warmed every few minutes.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    /// <summary>When a warm is to be finished: within the time it has, or before the entries of the warm before it expire.</summary>
    public static DateTimeOffset Deadline(WarmDeclaration set, DateTimeOffset dueAt)
    {
        ArgumentNullException.ThrowIfNull(set);
        var left = set.Ttl - set.Interval;
        var within = set.FinishedWithin ?? set.TimeLimit;
        return dueAt + (left > TimeSpan.Zero && left < within ? left : within);
    }

    /// <summary>The work on a warm that was due, by the set's latest progress.</summary>
    public static DeadlineWork? Work(ScheduledWarm warm, WarmProgress? progress)
    {
        ArgumentNullException.ThrowIfNull(warm);
        if (progress is null || progress.StartedAt < warm.Times.DueAt)
            return null;
        // A warm that did not begin, or whose entries the cache server lost, is finished only by a later one that is completed.
        return new(progress.RunId, progress is { CompletedAt: null, StuckSince: not null }, progress.CompletedAt);
    }

    public async Task AddAsync(WarmDeclaration set, DateTimeOffset dueAt, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(set);
        DeadlineTimes times = new(dueAt, Deadline(set, dueAt));
        await using var insert = DeadlineSql.Insert(database, "warm_deadlines", "set_name", [set.Name], times);
        if (await insert.ExecuteNonQueryAsync(ct) == 0)
            return;
        await using var forget = database.Command("delete from warm_deadlines where set_name = $1 and due_at < $2", set.Name, dueAt - Kept);
        await forget.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Takes the deadline from a warm that a pause keeps from beginning.</summary>
    public async Task WithdrawAsync(ScheduledWarm warm, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(warm);
        await using var command = DeadlineSql.Withdraw(
            database,
            "warm_deadlines",
            "set_name = $1 and due_at = $2",
            [warm.Set, warm.Times.DueAt]
        );
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The warms that are not finished.</summary>
    public Task<IReadOnlyList<ScheduledWarm>> ReadOpenAsync(CancellationToken ct) =>
        ReadAsync($"select set_name, {DeadlineSql.Columns} from warm_deadlines where finished_at is null order by set_name, due_at", ct);

    /// <summary>The latest scheduled warm of each set.</summary>
    public Task<IReadOnlyList<ScheduledWarm>> ReadLatestAsync(CancellationToken ct) =>
        ReadAsync($"select distinct on (set_name) set_name, {DeadlineSql.Columns} from warm_deadlines order by set_name, due_at desc", ct);

    private async Task<IReadOnlyList<ScheduledWarm>> ReadAsync(string query, CancellationToken ct)
    {
        await using var command = database.CreateCommand(query);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<ScheduledWarm> warms = [];
        while (await reader.ReadAsync(ct))
        {
            var (times, status) = DeadlineSql.Read(reader, 1);
            warms.Add(new(reader.GetString(0), times, status));
        }
        return warms;
    }

    /// <summary>Stores a state, with the notices of its change in the same transaction.</summary>
    /// <returns>Whether this replica changed the row, and is to log it.</returns>
    public async Task<bool> TryWriteAsync(ScheduledWarm warm, DeadlineStatus after, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(warm);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var update = DeadlineSql.Update(
            connection,
            "warm_deadlines",
            "set_name = $10 and due_at = $11",
            [warm.Set, warm.Times.DueAt],
            warm.Status,
            after
        );
        if (await update.ExecuteNonQueryAsync(ct) == 0)
            return false;
        foreach (var notice in WarmNotices.Of(warm, after, outbox))
            await outbox.WriteAsync(connection, notice, after.CheckedAt, ct);
        await transaction.CommitAsync(ct);
        return true;
    }
}
