using Npgsql;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Input;

/// <summary>A database of one test, with what the tests of this folder ask of it.</summary>
internal sealed class InputDatabase : IAsyncDisposable
{
    private InputDatabase(NpgsqlDataSource source) => Source = source;

    public NpgsqlDataSource Source { get; }

    public static async Task<InputDatabase> CreateAsync(TestServers servers, CancellationToken ct) =>
        new(NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(ct)));

    /// <summary>The first column of every row, as text; null as an empty string.</summary>
    public async Task<string[]> TextsAsync(string sql, CancellationToken ct)
    {
        await using var command = Source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<string> rows = [];
        while (await reader.ReadAsync(ct))
            rows.Add(reader.IsDBNull(0) ? "" : Convert.ToString(reader.GetValue(0))!);
        return [.. rows];
    }

    public async Task<long> CountAsync(string from, CancellationToken ct)
    {
        await using var command = Source.CreateCommand($"select count(*) from {from}");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    public async Task ExecuteAsync(string sql, CancellationToken ct)
    {
        await using var command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(ct);
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
