using Npgsql;

namespace Overnight.Core.Warming;

/// <summary>
/// One running warm per set, however many replicas and triggers there are: PostgreSQL's advisory lock of the set, held by
/// a connection of its own, so that it is free at once when its holder dies.
/// </summary>
internal sealed class WarmLock : IAsyncDisposable
{
    private const string Key = "hashtext('overnight.warm'), hashtext($1)";
    private readonly NpgsqlConnection _connection;
    private readonly string _set;

    private WarmLock(NpgsqlConnection connection, string set) => (_connection, _set) = (connection, set);

    /// <returns>Null when the set is being warmed by another.</returns>
    public static async Task<WarmLock?> TryTakeAsync(NpgsqlDataSource database, string set, CancellationToken ct)
    {
        var connection = await database.OpenConnectionAsync(ct);
        try
        {
            if (await AskAsync(connection, $"select pg_try_advisory_lock({Key})", set, ct)) return new(connection, set);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
        await connection.DisposeAsync();
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // A pooled connection keeps its session locks when it is closed.
            await AskAsync(_connection, $"select pg_advisory_unlock({Key})", _set, CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // Lost with its connection, and the lock with it.
        }
        await _connection.DisposeAsync();
    }

    private static async Task<bool> AskAsync(NpgsqlConnection connection, string sql, string set, CancellationToken ct)
    {
        await using NpgsqlCommand command = new(sql, connection) { Parameters = { new() { Value = set } } };
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }
}
