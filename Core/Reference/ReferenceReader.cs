using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;

namespace Overnight.Core.Reference;

/// <summary>Reference data of a tenant: from the cache, else from PostgreSQL, and then cached (SPEC G5).</summary>
public sealed class ReferenceReader(EntryReader entries, Generations generations, NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Seconds; a trial balance over years of journals takes some.</summary>
    private const int ReadTimeout = 10;

    /// <param name="values">Of the entity's parts, in their one form (<see cref="KeyPart.Read"/>) and in order.</param>
    /// <returns>No value when the tenant has nothing there.</returns>
    /// <exception cref="NpgsqlException">Neither the cache nor PostgreSQL could answer.</exception>
    public async ValueTask<EntryAnswer> GetAsync(Guid tenant, ReferenceEntity entity, IReadOnlyList<string> values, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(entity);
        // Before anything is read, so that what is loaded can't carry a number that is newer than it.
        var generation = await generations.OfAsync(tenant, entity.FullName, ct);
        return await entries.GetAsync(
            entity.Key(tenant, values),
            entity.EntryKind,
            generation,
            token => LoadAsync(tenant, entity, values, token),
            ct
        );
    }

    private async Task<byte[]?> LoadAsync(Guid tenant, ReferenceEntity entity, IReadOnlyList<string> values, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        NpgsqlBatchCommand question = new(entity.OneSql);
        question.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant });
        question.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = Today(time), NpgsqlDbType = NpgsqlDbType.Date });
        foreach (var value in values)
            question.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text });
        await using NpgsqlBatch batch = new(connection) { Timeout = ReadTimeout, BatchCommands = { TenantSetting.Of(tenant), question } };
        await batch.PrepareAsync(ct);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        return await reader.ReadAsync(ct) && !await reader.IsDBNullAsync(0, ct) ? reader.GetFieldValue<byte[]>(0) : null;
    }

    /// <summary>The day that queries go by.</summary>
    internal static DateOnly Today(TimeProvider time) => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
}
