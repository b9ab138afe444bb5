using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Core.Actions;

/// <summary>Writes who else opened a user's result, for that user to see.</summary>
public static class ResultReadLog
{
    private static readonly string Add = $"""
        insert into result_reads (user_id, read_at, reader, reader_ref, run_id, business_date)
        values ($1, $2, $3, {PersonRefs.Of("$4")}, $5, $6)
        """;

    /// <summary>Records that a result is about to be shown; call it before, and show nothing when it throws.</summary>
    /// <exception cref="NpgsqlException">The read was not recorded.</exception>
    public static Task WriteAsync(
        NpgsqlDataSource database,
        Guid user,
        Guid run,
        DateOnly businessDate,
        Actor by,
        DateTimeOffset at,
        CancellationToken ct
    )
    {
        ArgumentNullException.ThrowIfNull(database);
        return DatabaseRetry.WriteAsync(async () =>
        {
            await using var batch = database.CreateBatch();
            batch.BatchCommands.Add(PersonRefs.Ensure(by.UserId));
            batch.BatchCommands.Add(Statement.Of(Add, user, at, by.Name, PersonRefs.Parameter(by.UserId), run, businessDate));
            await batch.ExecuteNonQueryAsync(ct);
            return true;
        });
    }
}
