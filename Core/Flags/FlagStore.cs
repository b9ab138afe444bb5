using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Actions;
using Overnight.Core.Data;
using Overnight.Core.Json;

namespace Overnight.Core.Flags;

/// <summary>The flags of this environment in PostgreSQL.</summary>
public sealed class FlagStore(NpgsqlDataSource database, IOptions<FlagOptions> options, TimeProvider time)
{
    /// <summary>
    /// A flag as UTF-8 JSON for the cache and clients: <c>{"key":"..","enabled":true,"value":..,"version":1,"updatedAt":".."}</c>.
    /// </summary>
    public const string Json = """
        convert_to(format('{"key":%s,"enabled":%s,"value":%s,"version":%s,"updatedAt":"%s"}', to_json(key), to_json(enabled), coalesce(value::text, 'null'), version,
            to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), 'UTF8')
        """;

    private const string Columns =
        "key, enabled, value::text, description, version, updated_at, updated_by, last_accessed_at, access_count";

    // Rows are locked in the order of keys first, so that the flushes of two nodes can't deadlock.
    private const string AddUses = """
        with uses as (select * from unnest($2::text[], $3::bigint[], $4::timestamptz[]) as u (key, count, last_at)),
        locked as (select f.key from feature_flags f where f.environment = $1 and f.key = any ($2) order by f.key for no key update)
        update feature_flags f set access_count = f.access_count + u.count, last_accessed_at = greatest(f.last_accessed_at, u.last_at)
        from uses u where f.environment = $1 and f.key = u.key and f.key in (select key from locked)
        """;

    private readonly string _environment = options.Value.Environment;

    /// <summary>Reads a flag for the cache.</summary>
    /// <returns>JSON as <see cref="Json"/> makes it, repaired where a value was stored without validation; null when there is no such
    /// flag.</returns>
    public async Task<byte[]?> ReadAsync(string key, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = Command(
            $"select {Json} from feature_flags where environment = $1 and key = $2",
            connection,
            null,
            _environment,
            key
        );
        await command.PrepareAsync(DatabaseConnection.ReadTimeout, ct);
        return await command.ExecuteScalarAsync(ct) is byte[] flag ? JsonSurrogates.Repair(flag) : null;
    }

    /// <returns>Null when there is no such flag.</returns>
    public async Task<FeatureFlag?> FindAsync(string key, CancellationToken ct) =>
        (
            await QueryAsync($"select {Columns} from feature_flags where environment = $1 and key = $2", Read, ct, _environment, key)
        ).SingleOrDefault();

    /// <param name="after">The last key of the previous page; empty for the first page.</param>
    public Task<List<FeatureFlag>> ListAsync(string after, int limit, CancellationToken ct) =>
        QueryAsync(
            $"select {Columns} from feature_flags where environment = $1 and key > $2 order by key limit $3",
            Read,
            ct,
            _environment,
            after,
            limit
        );

    /// <summary>The changes of a flag, newest first.</summary>
    /// <param name="before">The last version of the previous page.</param>
    public Task<List<FlagChangeRecord>> ChangesAsync(string key, long before, int limit, CancellationToken ct) =>
        QueryAsync(
            """
            select version, changed_at, changed_by, before::text, after::text from feature_flag_changes
            where environment = $1 and key = $2 and version < $3 order by version desc limit $4
            """,
            r => new FlagChangeRecord(
                r.GetInt64(0),
                r.GetFieldValue<DateTimeOffset>(1),
                r.IsDBNull(2) ? null : r.GetGuid(2),
                r.GetString(3),
                r.GetString(4)
            ),
            ct,
            _environment,
            key,
            before,
            limit
        );

    /// <summary>Changes a flag, and records the change and the action in the same transaction.</summary>
    /// <param name="isExpected">Whether the flag, whose row is locked, is still the one that the change is meant for.</param>
    /// <param name="by">Who changes it.</param>
    /// <returns>
    /// The flag before the change, null where there is no such flag; and the flag after it, null where it was not the expected one. A
    /// change that alters nothing returns the same flag twice and does not raise the version.
    /// </returns>
    public Task<(FeatureFlag? Before, FeatureFlag? After)> ChangeAsync(
        string key,
        FlagChange change,
        Predicate<FeatureFlag> isExpected,
        Actor by,
        CancellationToken ct
    )
    {
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(isExpected);
        return DatabaseRetry.WriteAsync(() => ChangeOnceAsync(key, change, isExpected, by, ct));
    }

    private async Task<(FeatureFlag? Before, FeatureFlag? After)> ChangeOnceAsync(
        string key,
        FlagChange change,
        Predicate<FeatureFlag> isExpected,
        Actor by,
        CancellationToken ct
    )
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        FeatureFlag before;
        await using (
            var find = Command(
                $"select {Columns} from feature_flags where environment = $1 and key = $2 for update",
                connection,
                transaction,
                _environment,
                key
            )
        )
        await using (var reader = await find.ExecuteReaderAsync(ct))
        {
            if (!await reader.ReadAsync(ct))
                return (null, null);
            before = Read(reader);
        }
        if (!isExpected(before))
            return (before, null);
        var after = change.Apply(before);
        if (after == before)
            return (before, before);

        // PostgreSQL stores times to the microsecond.
        var now = time.GetUtcNow();
        after = after with
        {
            Version = before.Version + 1,
            UpdatedAt = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)),
            UpdatedBy = by.UserId,
        };
        await using (
            var update = Command(
                """
                update feature_flags
                set enabled = $3, value = $4::json, description = $5, version = $6, updated_at = $7, updated_by = $8
                where environment = $1 and key = $2
                """,
                connection,
                transaction,
                _environment,
                key,
                after.Enabled,
                Text(after.Value),
                after.Description,
                after.Version,
                after.UpdatedAt,
                Id(by.UserId)
            )
        )
        {
            await update.ExecuteNonQueryAsync(ct);
        }
        await using (
            var record = Command(
                """
                insert into feature_flag_changes (environment, key, version, changed_at, changed_by, before, after)
                values ($1, $2, $3, $4, $5, $6::json, $7::json)
                """,
                connection,
                transaction,
                _environment,
                key,
                after.Version,
                after.UpdatedAt,
                Id(by.UserId),
                Text(Recorded(before)),
                Text(Recorded(after))
            )
        )
        {
            await record.ExecuteNonQueryAsync(ct);
        }
        await ActionLog.WriteAsync(
            connection,
            new(by, LoggedAction.FlagChange, "changed") { Target = key, Detail = new { Environment = _environment, after.Version } },
            now,
            ct
        );
        await transaction.CommitAsync(ct);
        return (before, after);
    }

    /// <summary>Adds the counted reads in one statement. Flags that no longer exist are skipped.</summary>
    public async Task AddUsesAsync(IReadOnlyCollection<FlagUse> uses, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(uses);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = Command(
            AddUses,
            connection,
            null,
            _environment,
            uses.Select(u => u.Key).ToArray(),
            uses.Select(u => u.Count).ToArray(),
            uses.Select(u => u.LastAt).ToArray()
        );
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken ct, params object[] values)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = Command(sql, connection, null, values);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<T> rows = [];
        while (await reader.ReadAsync(ct))
            rows.Add(read(reader));
        return rows;
    }

    private static NpgsqlCommand Command(string sql, NpgsqlConnection connection, NpgsqlTransaction? transaction, params object[] values)
    {
        NpgsqlCommand command = new(sql, connection, transaction) { CommandTimeout = DatabaseConnection.ReadTimeout };
        foreach (var value in values)
            command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        return command;
    }

    private static FeatureFlag Read(NpgsqlDataReader r) =>
        new(
            r.GetString(0),
            r.GetBoolean(1),
            r.IsDBNull(2) ? null : r.GetString(2),
            r.GetString(3),
            r.GetInt64(4),
            r.GetFieldValue<DateTimeOffset>(5),
            r.IsDBNull(6) ? null : r.GetGuid(6),
            r.IsDBNull(7) ? null : r.GetFieldValue<DateTimeOffset>(7),
            r.GetInt64(8)
        );

    private static string Recorded(FeatureFlag flag) =>
        $"{{\"enabled\":{(flag.Enabled ? "true" : "false")},\"value\":{flag.Value ?? "null"},\"description\":{JsonSerializer.Serialize(flag.Description)}}}";

    // The type is given, because PostgreSQL can't infer it from null.
    private static NpgsqlParameter Text(string? text) => new() { Value = (object?)text ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlParameter Id(Guid? id) => new() { Value = (object?)id ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid };
}
