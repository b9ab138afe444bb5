using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Jobs.Migrations;

/// <summary>Quotes names and texts for statements that take no parameters, and runs small queries.</summary>
internal static class Sql
{
    public static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string Text(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    public static async Task ExecuteAsync(this NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        // No timeout: it waits for the locks of another migration, which may be seeding, or of a run under way.
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(ct);
    }

    public static async Task<T?> ScalarAsync<T>(this NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = connection.Command(sql, values);
        return await command.ExecuteScalarAsync(ct) is T value ? value : default;
    }

    /// <summary>The first column of every row.</summary>
    public static async Task<List<string>> TextsAsync(
        this NpgsqlConnection connection,
        string sql,
        CancellationToken ct,
        params object[] values
    )
    {
        await using var command = connection.Command(sql, values);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<string> texts = [];
        while (await reader.ReadAsync(ct))
            texts.Add(reader.GetString(0));
        return texts;
    }
}
