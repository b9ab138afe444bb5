using Npgsql;

namespace Overnight.Core.Data;

/// <summary>Commands with their parameters, <c>$1</c> and on, in one line.</summary>
public static class DatabaseCommands
{
    /// <param name="values">Null for SQL's null; a parameter where its type must be said.</param>
    public static NpgsqlCommand Command(this NpgsqlDataSource database, string sql, params ReadOnlySpan<object?> values)
    {
        ArgumentNullException.ThrowIfNull(database);
        return With(database.CreateCommand(sql), values);
    }

    /// <summary>In the connection's transaction, where one is under way.</summary>
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

/// <summary>A statement of a batch.</summary>
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
