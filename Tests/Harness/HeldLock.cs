using Npgsql;

namespace Overnight.Tests.Harness;

/// <summary>Whoever waits for a lock that a test holds.</summary>
/// <param name="Query">The statement that waits.</param>
/// <param name="Locks">What its session has and wants: table and mode, such as <c>run_batches RowShareLock</c>, the mode of every
/// <c>select .. for share</c> and <c>for update</c>, and of nothing else.</param>
internal sealed record Waiter(string Query, string[] Locks);

/// <summary>
/// A transaction of a test's own that holds what others want. PostgreSQL says who waits for it, so a test need not guess by time
/// whether somebody does.
/// </summary>
internal sealed class HeldLock : IAsyncDisposable
{
    private const string Waiting = """
        select a.query, array(select l.relation::regclass::text || ' ' || l.mode from pg_locks l where l.pid = a.pid and l.locktype = 'relation')
        from pg_stat_activity a where a.wait_event_type = 'Lock' and $1 = any (pg_blocking_pids(a.pid)) limit 1
        """;

    /// <summary>A whole batch is work, too, on a machine that does other things besides.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly NpgsqlDataSource _database;
    private readonly NpgsqlTransaction _transaction;

    private HeldLock(NpgsqlDataSource database, NpgsqlConnection connection, NpgsqlTransaction transaction) =>
        (_database, Connection, _transaction) = (database, connection, transaction);

    public NpgsqlConnection Connection { get; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <param name="database">Of the owner or the administrator, who see what others' sessions do.</param>
    /// <param name="sql">Takes the lock.</param>
    public static async Task<HeldLock> TakeAsync(NpgsqlDataSource database, string sql, params object[] values)
    {
        var connection = await database.OpenConnectionAsync(Ct);
        HeldLock held = new(database, connection, await connection.BeginTransactionAsync(Ct));
        await held.ExecuteAsync(sql, values);
        return held;
    }

    /// <summary>In the transaction.</summary>
    public async Task ExecuteAsync(string sql, params object[] values)
    {
        await using NpgsqlCommand command = new(sql, Connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(Ct);
    }

    /// <summary>Until the work waits for the lock; fails when it ends without.</summary>
    public async Task<Waiter> WaiterAsync(Task work)
    {
        Waiter? waiter = null;
        await Eventually.TrueAsync(
            async () =>
            {
                // In this order: work that ends after the look has not waited either.
                var isOver = work.IsCompleted;
                return (waiter = await FindAsync()) is not null || isOver;
            },
            "the work waits for the lock",
            Limit
        );
        if (waiter is not null)
            return waiter;
        await work;
        Assert.Fail("It went on without waiting for the lock.");
        throw new InvalidOperationException();
    }

    /// <summary>Until the work is done, which does not wait for the lock.</summary>
    public async Task NobodyWaitsAsync(Task work)
    {
        Waiter? waiter = null;
        await Eventually.TrueAsync(async () => (waiter = await FindAsync()) is not null || work.IsCompleted, "the work ends", Limit);
        if (waiter is not null)
        {
            // Nothing may still be under way on what the test disposes of next.
            await RollbackAsync();
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Assert.Fail($"It waits for the lock: {waiter.Query}");
        }
        await work;
    }

    /// <inheritdoc cref="NobodyWaitsAsync(Task)"/>
    public async Task<T> NobodyWaitsAsync<T>(Task<T> work)
    {
        await NobodyWaitsAsync((Task)work);
        return await work;
    }

    public Task CommitAsync() => _transaction.CommitAsync(Ct);

    public Task RollbackAsync() => _transaction.RollbackAsync(Ct);

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await Connection.DisposeAsync();
    }

    private async Task<Waiter?> FindAsync()
    {
        await using var command = _database.CreateCommand(Waiting);
        command.Parameters.Add(new() { Value = Connection.ProcessID });
        await using var reader = await command.ExecuteReaderAsync(Ct);
        return await reader.ReadAsync(Ct) ? new(reader.GetString(0), reader.GetFieldValue<string[]>(1)) : null;
    }
}
