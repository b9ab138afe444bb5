using Npgsql;

namespace Overnight.Core.Data;

/// <summary>
/// Admits one holder among all replicas, with PostgreSQL's advisory lock. A connection of its own holds the lock, so that the lock is
/// free at once when the holder dies.
/// </summary>
internal sealed class AdvisoryLock : IAsyncDisposable
{
    /// <summary>Kinds of locks: <c>Warm</c> is taken by set, <c>RunSpan</c> by run.</summary>
    public const string Warm = "overnight.warm",
        RunSpan = "overnight.job-span";

    private const string Key = "hashtext($1), hashtext($2)";
    private readonly NpgsqlConnection _connection;
    private readonly string _kind,
        _name;

    private AdvisoryLock(NpgsqlConnection connection, string kind, string name) => (_connection, _kind, _name) = (connection, kind, name);

    /// <returns>Null when another process holds the lock.</returns>
    public static async Task<AdvisoryLock?> TryTakeAsync(NpgsqlDataSource database, string kind, string name, CancellationToken ct)
    {
        var connection = await database.OpenConnectionAsync(ct);
        try
        {
            if (await AskAsync(connection, $"select pg_try_advisory_lock({Key})", kind, name, ct))
                return new(connection, kind, name);
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
            await AskAsync(_connection, $"select pg_advisory_unlock({Key})", _kind, _name, CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // The connection was lost, which released the lock.
        }
        await _connection.DisposeAsync();
    }

    private static async Task<bool> AskAsync(NpgsqlConnection connection, string sql, string kind, string name, CancellationToken ct)
    {
        await using var command = connection.Command(sql, kind, name);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }
}
