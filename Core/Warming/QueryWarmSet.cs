using System.Data;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Core.Warming;

/// <summary>
/// A warm set in which each row of a query is an entry: its column <c>value</c>, under the key that the template makes of its other
/// columns. The query runs as a role that may only read what it was granted (<see cref="ConfiguredSetDatabase"/>), in a read-only
/// transaction with a statement timeout.
/// </summary>
/// <remarks>
/// PostgreSQL converts both to text, so that no value of any type is lost or altered; a bytea value stays as it is. A broken warm resumes
/// after as many rows as were written, so the query should have an order.
/// </remarks>
public sealed partial class QueryWarmSet(
    WarmDeclaration declaration,
    KeyTemplate key,
    string sql,
    TimeSpan statementTimeout,
    NpgsqlDataSource database,
    WarmWriter entries,
    ILogger<QueryWarmSet> logger
) : WarmSet(declaration)
{
    private const string ValueColumn = "value",
        Cursor = "warm_set";

    /// <summary>Approximate limit of bytes that the rows of one portion have together.</summary>
    private const int PortionBytes = 8 * 1024 * 1024;

    /// <summary>Rows of the first portion, while the size of a row is unknown.</summary>
    private const int FirstPortion = 16;

    // The text of a value must not depend on the configuration of server or role, because it is part of the key.
    private const string TextForms = """
        select set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true), set_config('intervalstyle', 'postgres', true),
            set_config('extra_float_digits', '1', true), set_config('bytea_output', 'hex', true), set_config('cursor_tuple_fraction', '1', true)
        """;

    public override async Task<long> EstimateAsync(WarmSetRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await BeginAsync(connection, ct);
        await using var command = Command($"select count(*) {From}", connection, transaction, request.Limit ?? int.MaxValue, 0);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Runs the query with a limit of no rows.</summary>
    /// <returns>The error; null when there is none.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL can't be reached.</exception>
    public async Task<string?> CheckAsync(CancellationToken ct)
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync(ct);
            await using var transaction = await BeginAsync(connection, ct);
            string[] columns;
            await using (var command = Command($"select * {From}", connection, transaction, 0, 0))
            await using (var reader = await command.ExecuteReaderAsync(ct))
                columns = [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)];
            var missing = key.Columns.Append(ValueColumn).Except(columns, StringComparer.Ordinal).ToArray();
            if (missing.Length > 0)
                return $"its query has no column {string.Join(" and no column ", missing)}; it has {string.Join(", ", columns)}";
            // Runs the statement of a warm as well, which finds errors in the columns, such as two of the same name.
            await using var rows = Command(await RowsAsync(connection, transaction, ct), connection, transaction, 0, 0);
            await rows.ExecuteNonQueryAsync(ct);
            return null;
        }
        // The set's transaction is always read-only and has its own timeout, so these two errors are faults of the query, not an outage.
        catch (PostgresException exception)
            when (exception.SqlState is PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.ReadOnlySqlTransaction
                || !DatabaseOutage.Is(exception)
            )
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
                $"{exception.MessageText} ({exception.SqlState}); the query runs as role {role}, which needs a grant: grant select on .. to {role}",
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
                $"{exception.MessageText} ({exception.SqlState}); correct Username and Password in ConnectionStrings:{DatabaseConnection.Sets}, with which the command migrate creates the role",
            _ => $"{exception.MessageText} ({exception.SqlState})",
        };
    }

    /// <summary>
    /// Reads rows in portions, each a statement with a timeout of its own, so that writes to the cache and pauses do not count as query
    /// time.
    /// </summary>
    public override async IAsyncEnumerable<WarmStep> WarmAsync(WarmSetRequest request, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var row = long.TryParse(request.Reached, CultureInfo.InvariantCulture, out var done) ? done : 0;
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await BeginAsync(connection, ct);
        var rows = await RowsAsync(connection, transaction, ct);
        await using (
            var declare = Command(
                $"declare {Cursor} no scroll cursor for {rows}",
                connection,
                transaction,
                request.Limit ?? int.MaxValue,
                row
            )
        )
            await declare.ExecuteNonQueryAsync(ct);
        QueryRowEntries read = new(key, Name, logger);
        var portion = Math.Min(FirstPortion, entries.MostAtOnce);
        while (true)
        {
            var (writes, failed, bytes) = await FetchAsync(read, row, portion, connection, transaction, ct);
            if (writes.Count + failed == 0)
                break;
            row += writes.Count + failed;
            var refused = (await entries.WriteAsync(writes, onlyAbsent: false, ct)).Count;
            yield return new(writes.Count - refused, failed + refused, row.ToString(CultureInfo.InvariantCulture));
            var mean = Math.Max(1, bytes / Math.Max(1, writes.Count));
            portion = (int)Math.Clamp(PortionBytes / mean, 1, entries.MostAtOnce);
        }
        read.TellRest();
    }

    private async Task<(List<CacheWrite> Writes, int Failed, long Bytes)> FetchAsync(
        QueryRowEntries rows,
        long row,
        int count,
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        CancellationToken ct
    )
    {
        List<CacheWrite> writes = [];
        var failed = 0;
        var bytes = 0L;
        await using NpgsqlCommand fetch = new($"fetch forward {count} from {Cursor}", connection, transaction)
        {
            CommandTimeout = CommandTimeout,
        };
        await using var reader = await fetch.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            row++;
            if (rows.Read(reader, row) is var (name, value))
            {
                writes.Add(new(name, value, Declaration.EntryTtl(Random.Shared.NextDouble())));
                bytes += value.Length;
            }
            else
                failed++;
        }
        return (writes, failed, bytes);
    }

    private int CommandTimeout => (int)Math.Ceiling(statementTimeout.TotalSeconds) + 5;

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
                new(TextForms),
            },
        };
        await settings.ExecuteNonQueryAsync(ct);
        return transaction;
    }

    /// <summary>The SQL that returns the rows of a warm in the columns of <see cref="QueryRowEntries"/>.</summary>
    private async Task<string> RowsAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    {
        await using var command = Command($"select \"{ValueColumn}\" {From}", connection, transaction, 0, 0);
        // The statement is described, not run.
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SchemaOnly, ct);
        return $"select {QueryRowEntries.Columns(key, ValueColumn, reader.GetDataTypeName(0) == "bytea")} {From}";
    }

    // The closing parenthesis has a line of its own, because the query may end with a comment.
    private string From => $"from (select * from (\n{sql}\n) as own offset $1 limit $2) as warm_set";

    // A command with parameters can't contain more than one statement, so the query can't end the transaction.
    private NpgsqlCommand Command(string text, NpgsqlConnection connection, NpgsqlTransaction transaction, int limit, long offset) =>
        new(text, connection, transaction)
        {
            Parameters =
            {
                new() { Value = offset },
                new() { Value = (long)limit },
            },
            CommandTimeout = CommandTimeout,
        };
}
