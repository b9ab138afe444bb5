using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Core.Warming;

/// <summary>
/// A set of which each row of a query is an entry: its column <c>value</c>, text, JSON or bytea as it is, under the key that the
/// template makes of the others. Read by a role that may only read what it was granted (<see cref="OwnSetsDatabase"/>), in a
/// read-only transaction with a statement timeout.
/// </summary>
/// <remarks>Resumed behind as many rows as were done, so its query should have an order.</remarks>
public sealed partial class QuerySet(
    WarmDeclaration declaration,
    KeyTemplate key,
    string sql,
    TimeSpan statementTimeout,
    NpgsqlDataSource database,
    EntryWriter entries,
    ILogger<QuerySet> logger
) : WarmSet(declaration)
{
    private const string ValueColumn = "value";

    public override async Task<long> EstimateAsync(WarmOrder order, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(order);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await BeginAsync(connection, ct);
        await using var command = Select("count(*)", connection, transaction, order.Limit ?? int.MaxValue, 0);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Runs the query for no rows.</summary>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL can't be asked.</exception>
    public async Task<string?> CheckAsync(CancellationToken ct)
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync(ct);
            await using var transaction = await BeginAsync(connection, ct);
            await using var command = Select("*", connection, transaction, 0, 0);
            await using var reader = await command.ExecuteReaderAsync(ct);
            var columns = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToArray();
            var missing = key.Columns.Append(ValueColumn).Except(columns, StringComparer.Ordinal).ToArray();
            return missing.Length == 0
                ? null
                : $"its query has no column {string.Join(" and no column ", missing)}; it has {string.Join(", ", columns)}";
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.QueryCanceled || !DatabaseOutage.Is(exception))
        {
            return Explain(exception);
        }
    }

    private string Explain(PostgresException exception)
    {
        var role = new NpgsqlConnectionStringBuilder(database.ConnectionString).Username;
        return exception.SqlState switch
        {
            PostgresErrorCodes.InsufficientPrivilege =>
                $"{exception.MessageText} ({exception.SqlState}); it is read as role {role}, which needs to be granted it: grant select on .. to {role}",
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
                $"{exception.MessageText} ({exception.SqlState}); correct Username and Password in ConnectionStrings:{DatabaseConnection.Sets}, from which the command migrate makes the role",
            _ => $"{exception.MessageText} ({exception.SqlState})",
        };
    }

    public override async IAsyncEnumerable<WarmStep> WarmAsync(WarmOrder order, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(order);
        var row = int.TryParse(order.Reached, CultureInfo.InvariantCulture, out var done) ? done : 0;
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await BeginAsync(connection, ct);
        await using var command = Select("*", connection, transaction, order.Limit ?? int.MaxValue, row);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var columns = key.Columns.Select(reader.GetOrdinal).ToArray();
        var value = reader.GetOrdinal(ValueColumn);
        List<CacheWrite> writes = [];
        var failed = 0;
        while (await reader.ReadAsync(ct))
        {
            row++;
            if (Entry(reader, columns, value) is { } entry)
                writes.Add(entry);
            else
                failed++;
            if (writes.Count + failed < entries.Window)
                continue;
            yield return await WriteAsync();
        }
        if (writes.Count + failed > 0)
            yield return await WriteAsync();

        async Task<WarmStep> WriteAsync()
        {
            var refused = await entries.WriteAsync(writes, onlyAbsent: false, ct);
            WarmStep step = new(writes.Count - refused, failed + refused, row.ToString(CultureInfo.InvariantCulture));
            writes.Clear();
            failed = 0;
            return step;
        }
    }

    private CacheWrite? Entry(NpgsqlDataReader reader, int[] columns, int value)
    {
        try
        {
            var bytes = reader.GetValue(value) switch
            {
                byte[] raw => raw,
                string text => Encoding.UTF8.GetBytes(text),
                var other => throw new FormatException(
                    $"column {ValueColumn} is {(other is DBNull ? "null" : other.GetType().Name)}; it must be text, JSON or bytea"
                ),
            };
            return new(key.Build(Array.ConvertAll(columns, reader.GetValue)), bytes, Declaration.EntryTtl(Random.Shared.NextDouble()));
        }
        catch (Exception exception) when (exception is FormatException or InvalidCastException)
        {
            // This row's own failure; the others go on.
            Log.RowFailed(logger, Name, exception.Message);
            return null;
        }
    }

    private async Task<NpgsqlTransaction> BeginAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var transaction = await connection.BeginTransactionAsync(ct);
        await using NpgsqlBatch settings = new(connection, transaction)
        {
            BatchCommands =
            {
                new("set transaction read only"),
                new("select set_config('statement_timeout', $1, true)")
                {
                    Parameters = { new() { Value = $"{statementTimeout.TotalMilliseconds:F0}" } },
                },
            },
        };
        await settings.ExecuteNonQueryAsync(ct);
        return transaction;
    }

    // With parameters a command is one statement, whatever its text; on a line of its own the parenthesis is behind a comment.
    private NpgsqlCommand Select(string what, NpgsqlConnection connection, NpgsqlTransaction transaction, int limit, int offset) =>
        new($"select {what} from (select * from (\n{sql}\n) as own offset $1 limit $2) as warm_set", connection, transaction)
        {
            Parameters =
            {
                new() { Value = (long)offset },
                new() { Value = (long)limit },
            },
            CommandTimeout = (int)Math.Ceiling(statementTimeout.TotalSeconds) + 5,
        };

    private static partial class Log
    {
        [LoggerMessage(421, LogLevel.Warning, "A row of warm set {Set} is no entry: {Reason}.")]
        public static partial void RowFailed(ILogger logger, string set, string reason);
    }
}
