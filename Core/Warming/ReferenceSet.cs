using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Reference;

namespace Overnight.Core.Warming;

/// <summary>
/// Reference data of one phase, of every tenant there is or of one (SPEC G1, G4): for each tenant one round trip for all its
/// entries. Each carries the generation that PostgreSQL had in the snapshot it was read in, so that an invalidation meanwhile ends it.
/// </summary>
/// <remarks>Resumed behind the last tenant whose entries are all in the cache.</remarks>
public sealed partial class ReferenceSet(
    WarmPhase phase, TenantDirectory tenants, NpgsqlDataSource database, EntryWriter entries, IOptions<WarmingOptions> options, TimeProvider time, ILogger<ReferenceSet> logger)
    : WarmSet(Declare(phase, options.Value.Reference))
{
    public const string NamePrefix = "reference-";

    private readonly ReferenceEntity[] _entities = Of(phase);

    private static WarmDeclaration Declare(WarmPhase phase, ReferenceWarmOptions options) =>
        new(NamePrefix + phase.ToString().ToLowerInvariant(), phase, "{module}:{entity}:{tenantId}", Of(phase).Min(entity => entity.Kind.Ttl()))
        {
            IsTtlExact = true,
            IsPerTenant = true,
            IsAutomatic = phase != WarmPhase.Computed || options.Computed,
            Interval = phase switch { WarmPhase.Essential => options.EssentialInterval, WarmPhase.Master => options.MasterInterval, _ => options.ComputedInterval },
            TimeLimit = options.TimeLimit,
        };

    private static ReferenceEntity[] Of(WarmPhase phase) => [.. ReferenceCatalog.All.Where(entity => entity.Phase == phase)];

    public override async Task<long> EstimateAsync(WarmOrder order, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(order);
        await using var connection = await database.OpenConnectionAsync(ct);
        var count = 0L;
        foreach (var entity in _entities)
        {
            await using NpgsqlCommand command = new(entity.CountSql, connection);
            command.Parameters.Add(new() { Value = (object?)order.Tenant ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
            command.Parameters.Add(new() { Value = ReferenceReader.Today(time) });
            count += (long)(await command.ExecuteScalarAsync(ct))!;
        }
        return Math.Min(count, order.Limit ?? long.MaxValue);
    }

    public override async IAsyncEnumerable<WarmStep> WarmAsync(WarmOrder order, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(order);
        var (left, failed) = (order.Limit ?? int.MaxValue, 0);
        List<CacheWrite> writes = [];
        Guid? reached = null;
        await using var connection = await database.OpenConnectionAsync(ct);
        // Keys are counted while a query runs, so it is planned for many more than there are, and would be compiled each time.
        await using (NpgsqlCommand setting = new("set jit = off", connection)) await setting.ExecuteNonQueryAsync(ct);
        await using var query = await PrepareAsync(connection, ct);
        // One window is written while the next is read.
        Task<WarmStep>? writing = null;
        try
        {
            await foreach (var tenant in TenantsAsync(order, ct))
            {
                if (left <= 0) break;
                var (read, bad) = await ReadAsync(connection, query, tenant, ct);
                writes.AddRange(read.Take(left));
                (left, failed, reached) = (left - read.Count - bad, failed + bad, tenant);
                if (writes.Count + failed < entries.Window) continue;
                if (writing is not null) yield return await writing;
                writing = WriteAsync(writes, failed, tenant, ct);
                (writes, failed, reached) = ([], 0, null);
            }
            if (writing is not null) yield return await writing;
            writing = null;
            if (reached is { } last) yield return await WriteAsync(writes, failed, last, ct);
        }
        finally
        {
            // None may still write when the set's lock is let go; the failure that ends the warm is told already.
            if (writing is not null) await ((Task)writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async IAsyncEnumerable<Guid> TenantsAsync(WarmOrder order, [EnumeratorCancellation] CancellationToken ct)
    {
        if (order.Tenant is { } only)
        {
            if (await tenants.ContainsAsync(only, ct)) yield return only;
            yield break;
        }
        await foreach (var tenant in tenants.AfterAsync(Guid.TryParse(order.Reached, CultureInfo.InvariantCulture, out var done) ? done : null, ct)) yield return tenant;
    }

    /// <summary>All entries of a tenant at once; where one entity can't be read, each alone, so that it fails alone.</summary>
    private async Task<(List<CacheWrite> Read, int Failed)> ReadAsync(NpgsqlConnection connection, NpgsqlBatch query, Guid tenant, CancellationToken ct)
    {
        try
        {
            return (await ReadAsync(query, _entities, tenant, ct), 0);
        }
        catch (PostgresException exception) when (!DatabaseOutage.Is(exception))
        {
            // Told below, of the entity that it is about.
        }
        List<CacheWrite> read = [];
        var failed = 0;
        foreach (var entity in _entities)
        {
            try
            {
                await using var one = Batch(connection, entity);
                read.AddRange(await ReadAsync(one, [entity], tenant, ct));
            }
            catch (PostgresException exception) when (!DatabaseOutage.Is(exception))
            {
                failed++;
                Log.EntityFailed(logger, entity.FullName, tenant, exception.MessageText);
            }
        }
        return (read, failed);
    }

    private async Task<List<CacheWrite>> ReadAsync(NpgsqlBatch query, ReferenceEntity[] asked, Guid tenant, CancellationToken ct)
    {
        var asOf = time.GetUtcNow();
        foreach (var command in query.BatchCommands)
        {
            ((NpgsqlParameter<Guid>)command.Parameters[0]).TypedValue = tenant;
            ((NpgsqlParameter<DateOnly>)command.Parameters[1]).TypedValue = ReferenceReader.Today(time);
        }
        List<CacheWrite> writes = [];
        await using var reader = await query.ExecuteReaderAsync(ct);
        foreach (var entity in asked)
        {
            while (await reader.ReadAsync(ct))
            {
                // Nothing there, as of a period that does not exist.
                if (reader.IsDBNull(0)) continue;
                var key = entity.Key(tenant, [.. entity.Parts.Select((_, at) => reader.GetString(at + 2))]);
                writes.Add(new(key, StoredEntry.Write(key, asOf, reader.GetInt64(1), reader.GetFieldValue<byte[]>(0)), entity.Kind.Ttl()));
            }
            await reader.NextResultAsync(ct);
        }
        return writes;
    }

    /// <summary>Planned once for all tenants.</summary>
    private async Task<NpgsqlBatch> PrepareAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var batch = Batch(connection, _entities);
        try
        {
            await batch.PrepareAsync(ct);
            return batch;
        }
        catch (PostgresException exception) when (!DatabaseOutage.Is(exception))
        {
            // One of them can't be planned, as of a table that was altered: it fails alone when it is read.
            await batch.DisposeAsync();
            return Batch(connection, _entities);
        }
    }

    private static NpgsqlBatch Batch(NpgsqlConnection connection, params ReadOnlySpan<ReferenceEntity> asked)
    {
        NpgsqlBatch batch = new(connection);
        foreach (var entity in asked)
        {
            batch.BatchCommands.Add(new(entity.ManySql)
            {
                Parameters = { new NpgsqlParameter<Guid> { NpgsqlDbType = NpgsqlDbType.Uuid }, new NpgsqlParameter<DateOnly> { NpgsqlDbType = NpgsqlDbType.Date } },
            });
        }
        return batch;
    }

    private async Task<WarmStep> WriteAsync(List<CacheWrite> writes, int failed, Guid reached, CancellationToken ct)
    {
        var refused = 0;
        foreach (var some in writes.Chunk(Math.Max(1, entries.Window))) refused += await entries.WriteAsync(some, onlyAbsent: false, ct);
        return new(writes.Count - refused, failed + refused, reached.ToString("D"));
    }

    private static partial class Log
    {
        [LoggerMessage(441, LogLevel.Warning, "{Entity} of tenant {TenantId} can't be read, and is not warmed: {Reason}")]
        public static partial void EntityFailed(ILogger logger, string entity, Guid tenantId, string reason);
    }
}
