using System.Data;
using Npgsql;

namespace Overnight.Auditor;

/// <summary>What is audited.</summary>
/// <param name="Limit">Time after which the rest is left out.</param>
/// <param name="Cache">Connection string of the cache; null to leave cached entries out.</param>
public sealed record AuditOptions(TimeSpan Limit, string? Cache = null);

/// <summary>A run of the pipeline that was planned.</summary>
internal sealed record AuditedRun(Guid Id, string Market, DateOnly Day, int Revision, bool IsFinished, Guid? Snapshot)
{
    public override string ToString() => $"run {Id} ({Market}, {Day:yyyy-MM-dd}, revision {Revision})";
}

/// <summary>
/// Checks that the database holds what the pipeline promises: one result per computed user and none for others, whole batches, sums that
/// add up, the newest result in force, cached bytes as stored, and a chain that is intact. It has its own SQL and its own decoding, reads
/// only, and sees one state of the database, so that it can run while a run is under way.
/// </summary>
public static class DatabaseAudit
{
    private const string Runs = """
        select id, market, business_date, revision, completed_at is not null, snapshot_id from overnight_job_runs
        where job_type = 'scoring' and planned_at is not null order by number desc
        """;

    /// <exception cref="NpgsqlException">The database can't be read.</exception>
    public static async Task<AuditReport> RunAsync(NpgsqlDataSource database, AuditOptions options, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(database);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        await using (NpgsqlCommand settings = new("set transaction read only", connection))
            await settings.ExecuteNonQueryAsync(ct);
        return await RunAsync(connection, database, options, ct);
    }

    /// <summary>Audits what the connection's transaction sees.</summary>
    /// <param name="database">For what came into force since that transaction began.</param>
    /// <inheritdoc cref="RunAsync(NpgsqlDataSource, AuditOptions, CancellationToken)"/>
    public static async Task<AuditReport> RunAsync(
        NpgsqlConnection connection,
        NpgsqlDataSource database,
        AuditOptions options,
        CancellationToken ct
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(options);
        AuditReport report = new();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.Limit);
        var runs = await RunsAsync(connection, ct);
        report.RunsLeft = runs.Count;
        try
        {
            await CurrentCheck.RunAsync(connection, report, limit.Token);
            var seals = await SealChainCheck.RunAsync(connection, report, limit.Token);
            foreach (var run in runs)
            {
                await RunCompletenessCheck.RunAsync(connection, run, report, limit.Token);
                await SumCheck.RunAsync(connection, run, report, limit.Token);
                if (run.IsFinished)
                    await RunRootCheck.RunAsync(connection, run, seals.GetValueOrDefault(run.Id), report, limit.Token);
                report.Runs++;
                report.RunsLeft--;
            }
            await RunCompletenessCheck.DoubledAsync(connection, report, limit.Token);
            if (options.Cache is { } cache)
                await CacheCheck.RunAsync(connection, database, cache, report, limit.Token);
        }
        catch (Exception exception) when (IsCancelled(exception) && limit.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            // The time limit: what was seen so far is reported.
        }
        return report;
    }

    internal static NpgsqlCommand Command(this NpgsqlConnection connection, string sql, params ReadOnlySpan<object> values)
    {
        NpgsqlCommand command = new(sql, connection) { CommandTimeout = 0 };
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }

    private static bool IsCancelled(Exception exception) =>
        exception is OperationCanceledException or PostgresException { SqlState: PostgresErrorCodes.QueryCanceled };

    private static async Task<List<AuditedRun>> RunsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        List<AuditedRun> runs = [];
        await using var command = connection.Command(Runs);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            runs.Add(
                new(
                    reader.GetGuid(0),
                    reader.GetString(1),
                    reader.GetFieldValue<DateOnly>(2),
                    reader.GetInt32(3),
                    reader.GetBoolean(4),
                    await reader.IsDBNullAsync(5, ct) ? null : reader.GetGuid(5)
                )
            );
        return runs;
    }
}
