using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Data;

namespace Overnight.Core.Actions;

/// <summary>Writes the action log; nothing else does. The table refuses every change of what was written.</summary>
public static class ActionLog
{
    private static readonly string Add = $"""
        insert into action_log (at, action, outcome, actor, actor_ref, subject_ref, target, detail)
        values ($1, $2, $3, $4, {PersonRefs.Of("$5")}, {PersonRefs.Of("$6")}, $7, $8)
        """;

    /// <summary>Writes an entry in the connection's transaction, so that it is recorded if and only if the action is committed.</summary>
    public static async Task WriteAsync(NpgsqlConnection connection, ActionEntry entry, DateTimeOffset at, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(entry);
        await using NpgsqlBatch batch = new(connection);
        batch.BatchCommands.Add(PersonRefs.Ensure(entry.By.UserId, entry.Subject));
        batch.BatchCommands.Add(
            Statement.Of(
                Add,
                at,
                entry.Action.Name(),
                entry.Outcome,
                entry.By.Name,
                PersonRefs.Parameter(entry.By.UserId),
                PersonRefs.Parameter(entry.Subject),
                new NpgsqlParameter { Value = (object?)entry.Target ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new NpgsqlParameter
                {
                    Value = entry.Detail is { } detail ? JsonSerializer.Serialize(detail, JsonSerializerOptions.Web) : DBNull.Value,
                    NpgsqlDbType = NpgsqlDbType.Json,
                }
            )
        );
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Writes an entry by itself, for actions that are no transaction of PostgreSQL.</summary>
    /// <exception cref="NpgsqlException">The entry was not written.</exception>
    public static async Task WriteAsync(NpgsqlDataSource database, ActionEntry entry, DateTimeOffset at, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(database);
        await DatabaseRetry.WriteAsync(async () =>
        {
            await using var connection = await database.OpenConnectionAsync(ct);
            await WriteAsync(connection, entry, at, ct);
            return true;
        });
    }
}
