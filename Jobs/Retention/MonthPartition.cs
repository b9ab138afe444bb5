using Npgsql;

namespace Overnight.Jobs.Retention;

/// <summary>A table with the name of a month's partition: attached, or left behind by an interrupted retention.</summary>
/// <param name="Attached">Whether its parent still has it.</param>
/// <param name="DetachPending">Whether detaching it was begun and interrupted.</param>
internal sealed record MonthPartition(string Parent, string Name, DateOnly Month, bool Attached, bool DetachPending, long Bytes)
{
    private const string Due = """
        select p.parent, c.relname::text, to_date(right(c.relname, 8), '"y"YYYY"m"MM'), i.inhrelid is not null, coalesce(i.inhdetachpending, false), pg_total_relation_size(c.oid)
        from partitioned_by_month() p(parent)
        join pg_class c on c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and c.relname ~ ('^' || p.parent || '_y[0-9]{4}m(0[1-9]|1[0-2])$')
        left join pg_inherits i on i.inhrelid = c.oid
        order by 3, 1
        """;

    /// <summary>All there are, oldest first.</summary>
    public static async Task<List<MonthPartition>> ListAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using NpgsqlCommand command = new(Due, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<MonthPartition> partitions = [];
        while (await reader.ReadAsync(ct))
        {
            partitions.Add(
                new(
                    reader.GetString(0),
                    reader.GetString(1),
                    reader.GetFieldValue<DateOnly>(2),
                    reader.GetBoolean(3),
                    reader.GetBoolean(4),
                    reader.GetInt64(5)
                )
            );
        }
        return partitions;
    }

    /// <summary>
    /// Detaches the partition without blocking readers and writers of the other months, then drops it. After an interruption the next
    /// attempt continues.
    /// </summary>
    /// <remarks>Each statement is a transaction of its own: detaching concurrently allows nothing else.</remarks>
    public async Task DropAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        // The names come from the catalogue; they are quoted all the same.
        var (parent, child) = ($"\"{Parent}\"", $"\"{Name}\"");
        if (Attached)
            await ExecuteAsync(
                connection,
                $"alter table {parent} detach partition {child} {(DetachPending ? "finalize" : "concurrently")}",
                ct
            );
        await ExecuteAsync(connection, $"drop table {child}", ct);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        // No timeout of its own: the lock_timeout that the caller has set bounds it.
        await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(ct);
    }
}
