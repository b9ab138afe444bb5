using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Notes that a batch is being tried, in a transaction of its own on another connection, so that the note stays when the batch ends
/// its worker. It may be lost in a crash of PostgreSQL, so it does not wait for the disk.
/// </summary>
internal static class BatchAttempts
{
    private const string Begin = """
        insert into batch_attempts (run_id, number, worker)
        select $1, $2, $3 from (select set_config('synchronous_commit', 'off', true)) s returning ctid::text
        """;

    private static readonly string Worker = $"{Environment.MachineName}/{Environment.ProcessId}";

    public static async Task<(Guid Run, int Number, string Row)> BeginAsync(
        NpgsqlDataSource dataSource,
        Guid run,
        int number,
        CancellationToken ct
    )
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var command = connection.Command(Begin, run, number, Worker);
        await command.PrepareAsync(ct);
        return (run, number, (string)(await command.ExecuteScalarAsync(ct))!);
    }

    /// <summary>Removes the note of a batch that failed without ending its worker.</summary>
    public static async Task ForgetAsync(NpgsqlDataSource dataSource, (Guid Run, int Number, string Row) attempt)
    {
        try
        {
            await using var command = dataSource.Command(
                "delete from batch_attempts where ctid = $3::tid and run_id = $1 and number = $2",
                attempt.Run,
                attempt.Number,
                attempt.Row
            );
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // PostgreSQL is away, which is why the batch failed; one attempt too many only splits a batch early.
        }
    }
}
