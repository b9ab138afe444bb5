using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Core.Deadlines;

/// <summary>The columns that <c>nights</c> and <c>warm_deadlines</c> share.</summary>
internal static class DeadlineSql
{
    public const string Columns =
        "due_at, deadline_at, state, since, checked_at, run_id, forecast_at, finished_at, clear_ticks, was_troubled";

    /// <param name="first">The first of <see cref="Columns"/> in the reader.</param>
    public static (DeadlineTimes Times, DeadlineStatus Status) Read(NpgsqlDataReader reader, int first)
    {
        DeadlineTimes times = new(reader.GetFieldValue<DateTimeOffset>(first), reader.GetFieldValue<DateTimeOffset>(first + 1));
        DeadlineStatus status = new(
            DeadlineStates.Read(reader.GetString(first + 2)),
            reader.GetFieldValue<DateTimeOffset>(first + 3),
            reader.GetFieldValue<DateTimeOffset>(first + 4),
            reader.IsDBNull(first + 5) ? null : reader.GetGuid(first + 5),
            Time(first + 6),
            Time(first + 7),
            reader.GetInt16(first + 8),
            reader.GetBoolean(first + 9)
        );
        return (times, status);

        DateTimeOffset? Time(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
    }

    /// <summary>Inserts the row of a night or warm that is due; another replica's row stays as it is.</summary>
    /// <param name="columns">The columns of the key that <see cref="Columns"/> does not have.</param>
    /// <param name="key">Their values.</param>
    public static NpgsqlCommand Insert(NpgsqlDataSource database, string table, string columns, object[] key, DeadlineTimes times)
    {
        var status = DeadlineRules.Begin(times);
        var places = string.Join(", ", key.Select((_, i) => $"${i + 6}"));
        return database.Command(
            $"insert into {table} (due_at, deadline_at, state, since, checked_at, {columns}) values ($1, $2, $3, $4, $5, {places}) on conflict do nothing",
            [times.DueAt, times.DeadlineAt, status.State.Name(), status.Since, status.CheckedAt, .. key]
        );
    }

    /// <summary>Deletes a row of which nothing has begun and nothing was told.</summary>
    /// <param name="where">The key, with <c>$1</c> and <c>$2</c>.</param>
    public static NpgsqlCommand Withdraw(NpgsqlDataSource database, string table, string where, object[] key) =>
        database.Command($"delete from {table} where {where} and state = 'on-time' and run_id is null and finished_at is null", key);

    /// <summary>
    /// Updates a row that is as it was read. Of replicas that saw the same tick one succeeds, and it tells of the change.
    /// </summary>
    /// <param name="where">The key, with <c>$10</c> and <c>$11</c>.</param>
    public static NpgsqlCommand Update(
        NpgsqlConnection connection,
        string table,
        string where,
        object[] key,
        DeadlineStatus before,
        DeadlineStatus after
    ) =>
        connection.Command(
            $"""
            update {table} set state = $1, since = $2, checked_at = $3, run_id = $4, forecast_at = $5, finished_at = $6, clear_ticks = $7, was_troubled = $12
            where {where} and state = $8 and checked_at = $9
            """,
            [
                after.State.Name(),
                after.Since,
                after.CheckedAt,
                after.RunId,
                after.ForecastAt,
                after.FinishedAt,
                (short)after.ClearTicks,
                before.State.Name(),
                before.CheckedAt,
                .. key,
                after.WasTroubled,
            ]
        );
}
