using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Core.Reference;

/// <summary>Reads reference data of a tenant from the cache, else from PostgreSQL, and then caches it.</summary>
public sealed class ReferenceReader : IChangeHandler
{
    /// <summary>Seconds. A trial balance over years of journals takes several.</summary>
    private const int ReadTimeout = 10;

    private static readonly TimeSpan MemoryTtl = TimeSpan.FromSeconds(5);

    private readonly TenantGenerations _generations;
    private readonly BoundedMemory<Question, CacheEntry> _memory;
    private readonly CacheAside<Question, CacheEntry> _entries;

    public ReferenceReader(
        TenantGenerations generations,
        NpgsqlDataSource database,
        CacheStore store,
        CacheTelemetry telemetry,
        IOptions<CacheOptions> cache,
        TimeProvider time
    )
    {
        ArgumentNullException.ThrowIfNull(cache);
        _generations = generations;
        _memory = new(cache.Value.EntryMemoryBytes, time);
        _entries = new(new Kind(database, store, time), _memory, store, telemetry, TimeSpan.Zero, time);
    }

    public IMemory Memory => _memory;

    /// <param name="values">Values of the entity's parts in order, normalised by <see cref="CacheKeyPart.Read"/>.</param>
    /// <returns>No value when the tenant has no such data.</returns>
    /// <exception cref="NpgsqlException">Neither the cache nor PostgreSQL answers.</exception>
    public async ValueTask<Answer<CacheEntry>> GetAsync(
        Guid tenant,
        ReferenceEntity entity,
        IReadOnlyList<string> values,
        CancellationToken ct
    )
    {
        ArgumentNullException.ThrowIfNull(entity);
        // Read before the data, so that loaded data can't be stored with a generation that is newer than the data.
        var generation = await _generations.OfAsync(tenant, entity.FullName, ct);
        return await _entries.GetAsync(new(entity.Key(tenant, values), generation, tenant, entity, values), ct);
    }

    public void GenerationRaised(Guid tenant, IReadOnlyList<string> entities, long generation) =>
        _generations.Hear(tenant, entities, generation);

    public void Trim() => _entries.Trim();

    /// <summary>The current date in UTC, which queries use as today.</summary>
    internal static DateOnly Today(TimeProvider time) => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    /// <summary>Compared by key and generation, so that a request after an invalidation shares no load with one before it.</summary>
    private readonly record struct Question(string Key, long Generation, Guid Tenant, ReferenceEntity Entity, IReadOnlyList<string> Values)
    {
        public bool Equals(Question other) => Generation == other.Generation && Key == other.Key;

        public override int GetHashCode() => HashCode.Combine(Generation, Key);
    }

    private sealed class Kind(NpgsqlDataSource database, CacheStore store, TimeProvider time)
        : FramedEntrySource<Question>(CacheSet.Reference, store, time)
    {
        private readonly TimeProvider _time = time;

        public override string KeyOf(Question key) => key.Key;

        public override TimeSpan MemoryTtl(Question key, CacheEntry value) => ReferenceReader.MemoryTtl;

        protected override TimeSpan Ttl(Question key) => key.Entity.Kind.Ttl();

        protected override long GenerationOf(Question key) => key.Generation;

        protected override async Task<byte[]?> QueryAsync(Question key)
        {
            await using var connection = await database.OpenConnectionAsync();
            NpgsqlBatchCommand question = new(key.Entity.OneSql);
            question.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = key.Tenant });
            question.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = Today(_time), NpgsqlDbType = NpgsqlDbType.Date });
            foreach (var value in key.Values)
                question.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text });
            await using NpgsqlBatch batch = new(connection)
            {
                Timeout = ReadTimeout,
                BatchCommands = { TenantRowSecurity.Of(key.Tenant), question },
            };
            await batch.PrepareAsync(ReadTimeout);
            await using var reader = await batch.ExecuteReaderAsync();
            await reader.NextResultAsync();
            return await reader.ReadAsync() && !await reader.IsDBNullAsync(0) ? reader.GetFieldValue<byte[]>(0) : null;
        }
    }
}
