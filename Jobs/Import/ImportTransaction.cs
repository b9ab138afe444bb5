using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Data;

namespace Overnight.Jobs.Import;

/// <summary>How many rows were added, and how many that were there got other values.</summary>
internal readonly record struct Changes(int New, int Changed)
{
    public bool None => New == 0 && Changed == 0;
}

/// <summary>Shared by all imports: one at a time, everything in one transaction, rows counted as they are merged.</summary>
internal static class ImportTransaction
{
    /// <summary>Waits for an import that is under way, since two imports of one file would block each other's rows.</summary>
    public static async Task<NpgsqlTransaction> BeginAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(DatabaseConnection.WaitForLocks, ct);
        await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtext('overnight.import'))", ct);
        return transaction;
    }

    public static async Task<int> ExecuteAsync(this NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = 0 };
        return await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Runs a statement that answers one row of two counts, new and changed.</summary>
    public static async Task<Changes> CountAsync(this NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = 0 };
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new((int)reader.GetInt64(0), (int)reader.GetInt64(1));
    }

    public static Task WriteOrNullAsync(this NpgsqlBinaryImporter copy, string? value, NpgsqlDbType type, CancellationToken ct) =>
        value is null ? copy.WriteNullAsync(ct) : copy.WriteAsync(value, type, ct);

    public static void WriteOrNull(this NpgsqlBinaryImporter copy, decimal? value)
    {
        if (value is { } number)
            copy.Write(number, NpgsqlDbType.Numeric);
        else
            copy.WriteNull();
    }
}
