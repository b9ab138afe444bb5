using Npgsql;
using Overnight.Jobs.Import;

namespace Overnight.Jobs.Demo;

/// <summary>A foreign key as the server describes it.</summary>
internal sealed record ForeignKey(string Table, string Name, string Definition);

/// <summary>
/// Drops the foreign keys of tables and restores them, inside the caller's transaction: a rollback leaves them in place, and no other
/// transaction sees the tables without them. The tables are locked until the end of the transaction.
/// </summary>
internal static class ForeignKeys
{
    private const string Find = """
        select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) from pg_constraint
        where contype = 'f' and conrelid = any ($1::regclass[]) order by conrelid, conname
        """;

    public static async Task<IReadOnlyList<ForeignKey>> DropAsync(NpgsqlConnection connection, string[] tables, CancellationToken ct)
    {
        List<ForeignKey> keys = [];
        await using (NpgsqlCommand command = new(Find, connection))
        {
            command.Parameters.Add(new() { Value = tables });
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                keys.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        }
        foreach (var key in keys)
            await connection.ExecuteAsync($"alter table {key.Table} drop constraint {key.Name}", ct);
        return keys;
    }

    /// <summary>Checks every row of the tables, in one join per key.</summary>
    public static async Task RestoreAsync(NpgsqlConnection connection, IReadOnlyList<ForeignKey> keys, CancellationToken ct)
    {
        foreach (var key in keys)
            await connection.ExecuteAsync($"alter table {key.Table} add constraint {key.Name} {key.Definition}", ct);
    }
}
