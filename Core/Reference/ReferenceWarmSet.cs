using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Warming;

namespace Overnight.Core.Reference;

/// <summary>
/// Warms the reference data of one phase, of every tenant or of one, with one round trip for all entries of several tenants. Each entry
/// carries the generation of the snapshot it was read in, so that a concurrent invalidation ends it.
/// </summary>
/// <remarks>A broken warm resumes after the last tenant whose entries are all in the cache.</remarks>
public sealed partial class ReferenceWarmSet(
    WarmPhase phase,
    TenantDirectory tenants,
    NpgsqlDataSource database,
    WarmWriter entries,
    IOptions<WarmingOptions> options,
    TimeProvider time,
    ILogger<ReferenceWarmSet> logger
) : WarmSet(Declare(phase, options.Value.Reference))
{
    public const string NamePrefix = WarmSetNames.ReferencePrefix;

    /// <summary>Number of tenants in one round trip; their entries are in memory until they are written.</summary>
    private const int TenantsAtOnce = 8;

    /// <summary>Far more than the window of a phase, which begins after those of the phases before it.</summary>
    private static readonly TimeSpan FinishedWithin = TimeSpan.FromMinutes(30);

    private readonly ReferenceEntity[] _entities = Of(phase);

    private static WarmDeclaration Declare(WarmPhase phase, ReferenceWarmOptions options) =>
        new(
            NamePrefix + phase.ToString().ToLowerInvariant(),
            phase,
            "{module}:{entity}:{tenantId}",
            Of(phase).Min(entity => entity.Kind.Ttl())
        )
        {
            IsTtlExact = true,
            IsPerTenant = true,
            IsAutomatic = phase != WarmPhase.Computed || options.Computed,
            Interval = phase switch
            {
                WarmPhase.Essential => options.EssentialInterval,
                WarmPhase.Master => options.MasterInterval,
                _ => options.ComputedInterval,
            },
            FinishedWithin = FinishedWithin,
            TimeLimit =
                options.TimeLimit > TimeSpan.Zero
                    ? options.TimeLimit
                    : phase switch
                    {
                        WarmPhase.Essential => options.EssentialTimeLimit,
                        WarmPhase.Master => options.MasterTimeLimit,
                        _ => options.ComputedTimeLimit,
                    },
        };

    private static ReferenceEntity[] Of(WarmPhase phase) => [.. ReferenceCatalog.All.Where(entity => entity.Phase == phase)];

    public override async Task<long> EstimateAsync(WarmSetRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        await using var connection = await database.OpenConnectionAsync(ct);
        var count = 0L;
        foreach (var entity in _entities)
        {
            await using NpgsqlCommand command = new(entity.CountSql, connection);
            command.Parameters.Add(new() { Value = (object?)request.Tenant ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
            command.Parameters.Add(new() { Value = ReferenceReader.Today(time) });
            count += (long)(await command.ExecuteScalarAsync(ct))!;
        }
        return Math.Min(count, request.Limit ?? long.MaxValue);
    }

    public override async IAsyncEnumerable<WarmStep> WarmAsync(WarmSetRequest request, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var left = request.Limit ?? int.MaxValue;
        await using var connection = await database.OpenConnectionAsync(ct);
        // The planner expects far more keys than there are, and would compile the query each time it runs.
        await using (NpgsqlCommand setting = new("set jit = off", connection))
            await setting.ExecuteNonQueryAsync(ct);
        await using var query = await PrepareAsync(connection, ct);
        // The entries of some tenants are written while those of the next are read.
        Task<WarmStep>? writing = null;
        try
        {
            await foreach (var some in TenantsAsync(request, ct))
            {
                var (read, failed) = await ReadAsync(connection, query, some, ct);
                if (writing is not null)
                    yield return await writing;
                writing = WriteAsync([.. read.Take(left)], failed, some[^1], ct);
                left -= read.Count + failed;
                if (left <= 0)
                    break;
            }
            if (writing is not null)
                yield return await writing;
            writing = null;
        }
        finally
        {
            // No write may go on after the set's lock is released. The failure that ends the warm has been thrown already.
            if (writing is not null)
                await ((Task)writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The tenants of the request, several at a time.</summary>
    private async IAsyncEnumerable<Guid[]> TenantsAsync(WarmSetRequest request, [EnumeratorCancellation] CancellationToken ct)
    {
        if (request.Tenant is { } only)
        {
            if (await tenants.ContainsAsync(only, ct))
                yield return [only];
            yield break;
        }
        List<Guid> some = [];
        await foreach (
            var tenant in tenants.AfterAsync(Guid.TryParse(request.Reached, CultureInfo.InvariantCulture, out var done) ? done : null, ct)
        )
        {
            some.Add(tenant);
            if (some.Count < TenantsAtOnce)
                continue;
            yield return [.. some];
            some.Clear();
        }
        if (some.Count > 0)
            yield return [.. some];
    }

    /// <summary>
    /// Reads all entries of several tenants at once. Where one entry can't be read, each tenant is read alone, and then each entity, so
    /// that only the entity at fault fails.
    /// </summary>
    private async Task<(List<CacheWrite> Read, int Failed)> ReadAsync(
        NpgsqlConnection connection,
        NpgsqlBatch query,
        Guid[] some,
        CancellationToken ct
    )
    {
        try
        {
            return (await ReadAsync(query, _entities, some, ct), 0);
        }
        catch (PostgresException exception) when (!DatabaseOutage.Is(exception))
        {
            // The reads of single tenants and entities below find and log the entity at fault.
        }
        List<CacheWrite> read = [];
        var failed = 0;
        foreach (var tenant in some)
        {
            var (its, bad) =
                some.Length > 1 ? await ReadAsync(connection, query, [tenant], ct) : await ReadEachAsync(connection, tenant, ct);
            read.AddRange(its);
            failed += bad;
        }
        return (read, failed);
    }

    private async Task<(List<CacheWrite> Read, int Failed)> ReadEachAsync(NpgsqlConnection connection, Guid tenant, CancellationToken ct)
    {
        List<CacheWrite> read = [];
        var failed = 0;
        foreach (var entity in _entities)
        {
            try
            {
                await using var one = Batch(connection, entity);
                read.AddRange(await ReadAsync(one, [entity], [tenant], ct));
            }
            catch (PostgresException exception) when (!DatabaseOutage.Is(exception))
            {
                failed++;
                Log.EntityFailed(logger, entity.FullName, tenant, exception.MessageText);
            }
        }
        return (read, failed);
    }

    private async Task<List<CacheWrite>> ReadAsync(NpgsqlBatch query, ReferenceEntity[] asked, Guid[] some, CancellationToken ct)
    {
        var asOf = time.GetUtcNow();
        foreach (var command in query.BatchCommands)
        {
            ((NpgsqlParameter<Guid[]>)command.Parameters[0]).TypedValue = some;
            if (command.Parameters.Count > 1)
                ((NpgsqlParameter<DateOnly>)command.Parameters[1]).TypedValue = ReferenceReader.Today(time);
        }
        List<CacheWrite> writes = [];
        await using var reader = await query.ExecuteReaderAsync(ct);
        foreach (var entity in asked)
        {
            await reader.NextResultAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                // The query returns null where there is no entry, for example for a period that does not exist.
                if (reader.IsDBNull(0))
                    continue;
                var key = entity.Key(reader.GetGuid(2), [.. entity.Parts.Select((_, at) => reader.GetString(at + 3))]);
                writes.Add(new(key, CacheEntry.Write(key, asOf, reader.GetInt64(1), reader.GetFieldValue<byte[]>(0)), entity.Kind.Ttl()));
            }
        }
        return writes;
    }

    /// <summary>Prepares the query once for all round trips.</summary>
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
            // A query can't be planned, for example after a table was altered. It fails alone when it is read.
            await batch.DisposeAsync();
            return Batch(connection, _entities);
        }
    }

    private static NpgsqlBatch Batch(NpgsqlConnection connection, params ReadOnlySpan<ReferenceEntity> asked)
    {
        NpgsqlBatch batch = new(connection) { BatchCommands = { TenantRowSecurity.Of() } };
        foreach (var entity in asked)
        {
            batch.BatchCommands.Add(
                new(entity.ManySql)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<Guid[]> { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid },
                        new NpgsqlParameter<DateOnly> { NpgsqlDbType = NpgsqlDbType.Date },
                    },
                }
            );
        }
        return batch;
    }

    private async Task<WarmStep> WriteAsync(CacheWrite[] writes, int failed, Guid reached, CancellationToken ct)
    {
        var refused = (await entries.WriteAsync(writes, onlyAbsent: false, ct)).Count;
        return new(writes.Length - refused, failed + refused, reached.ToString("D"));
    }

    private static partial class Log
    {
        [LoggerMessage(441, LogLevel.Warning, "{Entity} of tenant {TenantId} can't be read, so it is not warmed: {Reason}")]
        public static partial void EntityFailed(ILogger logger, string entity, Guid tenantId, string reason);
    }
}
