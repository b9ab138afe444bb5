using System.Collections.Concurrent;
using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Core.Reference;

/// <summary>
/// The generation that entries must carry to be valid, as far as this node knows: rows of <c>erp.generations</c> in memory. A node that
/// raises one publishes it on <see cref="CacheChannel"/>, and each node reads newer ones from PostgreSQL regularly.
/// </summary>
/// <remarks>A generation is never ahead of the data: it is committed after the change, so a read of PostgreSQL that begins after this node
/// knows the generation returns the change.</remarks>
public sealed class TenantGenerations(NpgsqlDataSource database) : IDisposable
{
    /// <summary>Means every entity.</summary>
    public const string EveryEntity = "*";

    /// <summary>Means every tenant.</summary>
    public static readonly Guid EveryTenant = Guid.Empty;

    private const long Unread = -1;

    private readonly ConcurrentDictionary<(Guid Tenant, string Entity), long> _raised = new();
    private readonly SemaphoreSlim _reading = new(1);
    private long _seen = Unread;

    /// <param name="entity">Name in the table, such as <c>finance:coa</c>.</param>
    /// <exception cref="NpgsqlException">No generation was read yet, and PostgreSQL can't be reached.</exception>
    public ValueTask<long> OfAsync(Guid tenant, string entity, CancellationToken ct) =>
        Interlocked.Read(ref _seen) == Unread ? ReadAndFindAsync(tenant, entity, ct) : ValueTask.FromResult(Find(tenant, entity));

    /// <summary>Reads generations that were raised since the last call.</summary>
    /// <exception cref="NpgsqlException">PostgreSQL can't be reached; known generations stay.</exception>
    public async Task RefreshAsync(CancellationToken ct)
    {
        await _reading.WaitAsync(ct);
        try
        {
            // Generations become visible in their order, so there is no unread one below the highest that was read.
            var seen = Math.Max(0, Interlocked.Read(ref _seen));
            await using var command = database.CreateCommand(
                "select tenant_id, entity, generation from erp.generations where generation > $1"
            );
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = seen });
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var generation = reader.GetInt64(2);
                Hear(reader.GetGuid(0), [reader.GetString(1)], generation);
                seen = Math.Max(seen, generation);
            }
            Interlocked.Exchange(ref _seen, seen);
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Stores a generation that another node raised. Messages may come in any order, and twice.</summary>
    public void Hear(Guid tenant, IEnumerable<string> entities, long generation)
    {
        ArgumentNullException.ThrowIfNull(entities);
        foreach (var entity in entities)
            _raised.AddOrUpdate((tenant, entity), generation, (_, known) => Math.Max(known, generation));
    }

    /// <summary>Invalidates all entries of the entities, in this process at once; the caller tells other nodes.</summary>
    /// <returns>The new generation.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL can't be reached, and no generation was raised.</exception>
    public Task<long> RaiseAsync(Guid tenant, IReadOnlyCollection<string> entities, CancellationToken ct) =>
        RaiseAsync(tenant, entities, static _ => Task.CompletedTask, ct);

    /// <param name="first">Runs first in the same transaction; until it is over nobody waits, because no generation is raised yet.</param>
    /// <inheritdoc cref="RaiseAsync(Guid, IReadOnlyCollection{string}, CancellationToken)"/>
    public async Task<long> RaiseAsync(
        Guid tenant,
        IReadOnlyCollection<string> entities,
        Func<NpgsqlConnection, Task> first,
        CancellationToken ct
    )
    {
        ArgumentNullException.ThrowIfNull(first);
        var generation = await DatabaseRetry.WriteAsync(async () =>
        {
            await using var connection = await database.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await first(connection);
            await using var command = connection.Command("select erp.raise_generation($1, $2)", tenant, entities.ToArray());
            var raised = (long)(await command.ExecuteScalarAsync(ct))!;
            await transaction.CommitAsync(ct);
            return raised;
        });
        Hear(tenant, entities, generation);
        return generation;
    }

    public void Dispose() => _reading.Dispose();

    private async ValueTask<long> ReadAndFindAsync(Guid tenant, string entity, CancellationToken ct)
    {
        await RefreshAsync(ct);
        return Find(tenant, entity);
    }

    private long Find(Guid tenant, string entity) =>
        Math.Max(Math.Max(Of(tenant, entity), Of(tenant, EveryEntity)), Math.Max(Of(EveryTenant, entity), Of(EveryTenant, EveryEntity)));

    private long Of(Guid tenant, string entity) => _raised.GetValueOrDefault((tenant, entity));
}
