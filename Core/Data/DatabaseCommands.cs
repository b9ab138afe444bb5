using Npgsql;

namespace Overnight.Core.Data;

/// <summary>Creates commands together with their positional parameters, <c>$1</c> and on.</summary>
public static class DatabaseCommands
{
    /// <param name="values">Null for SQL's null; an <see cref="NpgsqlParameter"/> where the type can't be inferred.</param>
    public static NpgsqlCommand Command(this NpgsqlDataSource database, string sql, params ReadOnlySpan<object?> values)
    {
        ArgumentNullException.ThrowIfNull(database);
        return With(database.CreateCommand(sql), values);
    }

    /// <summary>Creates a command in the connection's transaction, where one has begun.</summary>
    /// <inheritdoc cref="Command(NpgsqlDataSource, string, ReadOnlySpan{object?})"/>
    public static NpgsqlCommand Command(this NpgsqlConnection connection, string sql, params ReadOnlySpan<object?> values) =>
        With(new(sql, connection), values);

    private static NpgsqlCommand With(NpgsqlCommand command, ReadOnlySpan<object?> values)
    {
        foreach (var value in values)
            command.Parameters.Add(Statement.Parameter(value));
        return command;
    }
}

/// <summary>Creates statements of a batch.</summary>
public static class Statement
{
    /// <inheritdoc cref="DatabaseCommands.Command(NpgsqlDataSource, string, ReadOnlySpan{object?})"/>
    public static NpgsqlBatchCommand Of(string sql, params ReadOnlySpan<object?> values)
    {
        NpgsqlBatchCommand statement = new(sql);
        foreach (var value in values)
            statement.Parameters.Add(Parameter(value));
        return statement;
    }

    internal static NpgsqlParameter Parameter(object? value) =>
        value as NpgsqlParameter ?? new NpgsqlParameter { Value = value ?? DBNull.Value };
}
