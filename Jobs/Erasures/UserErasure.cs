using Npgsql;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Erasures;
using Overnight.Core.Results;

namespace Overnight.Jobs.Erasures;

/// <summary>
/// Erases a user from PostgreSQL and the cache, for good. Each step is a transaction of its own and can be repeated, so that an erasure
/// that broke off is gone on with by whoever calls <see cref="GoOnAsync"/>; its hashes, which name nobody, stay in the chain.
/// </summary>
/// <param name="checkpoint">Told of each step, before and after its commit; a test breaks off there.</param>
internal sealed class UserErasure(
    NpgsqlDataSource database,
    CacheInvalidation sessions,
    ResultInvalidation results,
    CacheCircuit circuit,
    TimeProvider time,
    Action<string>? checkpoint = null
)
{
    private const string UserOf = "select user_id from erasures where id = $1";

    private const string Open = "select id from erasures where completed_at is null order by requested_at, id";

    private const string SessionsOf = "select session_hashes from erasures where id = $1";

    private const string Complete = """
        update erasures set completed_at = $2, user_id = null, session_hashes = '{}' where id = $1 and completed_at is null
        """;

    private readonly ErasureRequests _requests = new(database, time, checkpoint);

    /// <inheritdoc cref="ErasureRequests.RequestAsync"/>
    public Task<Guid?> RequestAsync(Guid user, Actor by, CancellationToken ct) => _requests.RequestAsync(user, by, ct);

    /// <summary>Erasures that are not completed, oldest first.</summary>
    public async Task<IReadOnlyList<Guid>> FindOpenAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await IdsAsync(connection, Open, ct);
    }

    /// <summary>Does what is left of an erasure.</summary>
    /// <returns>Not completed when the cache does not answer; null when there is no such erasure.</returns>
    public async Task<ErasureReceipt?> GoOnAsync(Guid erasure, CancellationToken ct)
    {
        if (await UserAsync(erasure, ct) is { } user)
        {
            await EraseAsync(erasure, user, ct);
            if (await ForgetAsync(erasure, user))
                await StepAsync("completed", connection => CompleteAsync(connection, erasure, user, ct), ct);
        }
        return await ErasureReceipt.FindAsync(database, erasure, ct);
    }

    /// <summary>In this order: once the account is gone and who had loaded it is done, nothing new of the user is computed.</summary>
    private async Task EraseAsync(Guid erasure, Guid user, CancellationToken ct)
    {
        await StepAsync("account", connection => ErasureSteps.AccountAsync(connection, user, ct), ct);
        await StepAsync("plans", connection => ErasureSteps.PlansAsync(connection, ct), ct);
        await StepAsync("batches", connection => ErasureSteps.BatchesAsync(connection, user, ct), ct);
        // Writers of cache entries lock the user's row of current_results, so no entry is written once the row is deleted.
        await StepAsync(
            "current",
            connection => ErasureSteps.ExecuteAsync(connection, "delete from current_results where user_id = $1", ct, user),
            ct
        );
        await StepAsync("results", connection => RemoveResultsAsync(connection, erasure, user, ct), ct);
        await StepAsync("edges", connection => ErasureSteps.EdgesAsync(connection, user, ct), ct);
    }

    /// <summary>
    /// Results of all runs in one transaction with the seal, so that no calculation is ever gone without an entry of the chain.
    /// </summary>
    private async Task RemoveResultsAsync(NpgsqlConnection connection, Guid erasure, Guid user, CancellationToken ct)
    {
        await ErasedResults.RemoveAsync(connection, user, ct);
        await ErasureSeal.AppendAsync(connection, erasure, time.GetUtcNow(), ct);
    }

    /// <returns>Null when it is completed, or not there.</returns>
    private async Task<Guid?> UserAsync(Guid erasure, CancellationToken ct)
    {
        await using var find = database.Command(UserOf, erasure);
        return await find.ExecuteScalarAsync(ct) as Guid?;
    }

    /// <returns>Whether the cache has forgotten the user.</returns>
    private async Task<bool> ForgetAsync(Guid erasure, Guid user)
    {
        string[] hashes;
        await using (var find = database.Command(SessionsOf, erasure))
            hashes = (string[])(await find.ExecuteScalarAsync())!;
        // Also where no cache is configured: nodes have entries in their memory.
        var isForgotten = await sessions.ForgetAsync([.. hashes.Select(CacheKeys.Session)]) & await results.OneAsync(user) is not null;
        checkpoint?.Invoke("cache");
        return isForgotten || circuit.IsAbsent;
    }

    private async Task CompleteAsync(NpgsqlConnection connection, Guid erasure, Guid user, CancellationToken ct)
    {
        await ErasureSteps.RestAsync(connection, user, ct);
        await ErasureSteps.ExecuteAsync(connection, Complete, ct, erasure, time.GetUtcNow());
    }

    private async Task StepAsync(string name, Func<NpgsqlConnection, Task> work, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await work(connection);
        checkpoint?.Invoke(name);
        await transaction.CommitAsync(ct);
        checkpoint?.Invoke($"{name} committed");
    }

    private static async Task<List<Guid>> IdsAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        List<Guid> ids = [];
        await using var command = connection.Command(sql);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            ids.Add(reader.GetGuid(0));
        return ids;
    }
}
