using System.Data;
using Npgsql;
using NpgsqlTypes;

namespace Overnight.Auditor;

/// <summary>What is audited.</summary>
/// <param name="Limit">Time after which the rest is left out.</param>
/// <param name="Cache">Connection string of the cache; null to leave cached entries out.</param>
public sealed record AuditOptions(TimeSpan Limit, string? Cache = null);

/// <summary>A run of the pipeline that was planned or sealed.</summary>
/// <param name="Number">In the order in which runs were started.</param>
internal sealed record AuditedRun(Guid Id, long Number, string Market, DateOnly Day, int Revision, bool IsFinished, Guid? Snapshot)
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
    // A run that is sealed or has batches was planned, whatever its row says. The day of a seal is hashed, that of a run is not.
    private const string Runs = """
        select r.id, r.number, r.market, r.business_date, r.revision, r.completed_at is not null, r.snapshot_id,
            coalesce(s.business_date, r.business_date) < $1 is true
        from overnight_job_runs r left join seals s on s.run_id = r.id
        where r.job_type = 'scoring'
            and (r.planned_at is not null or s.run_id is not null or exists (select from run_batches b where b.run_id = r.id))
        order by r.number desc
        """;

    // Retention drops partitions, which no snapshot keeps. They are locked before the snapshot is taken: what is dropped before that, the
    // snapshot has a seal of.
    private const string LockPartitions =
        "lock table calculation_results, calculation_events in access share mode; set local lock_timeout = 0";

    /// <exception cref="NpgsqlException">The database can't be read.</exception>
    public static async Task<AuditReport> RunAsync(NpgsqlDataSource database, AuditOptions options, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(options);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var wait = Math.Max(1, (long)options.Limit.TotalMilliseconds);
        await using (NpgsqlCommand begin = new($"set transaction read only; set local lock_timeout = {wait}; {LockPartitions}", connection))
            await begin.ExecuteNonQueryAsync(ct);
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
        if (options.Limit > TimeSpan.Zero)
            limit.CancelAfter(options.Limit);
        else
            await limit.CancelAsync();
        var kept = await HorizonCheck.RunAsync(connection, report, ct);
        var runs = await RunsAsync(connection, kept, report, ct);
        report.RunsLeft = runs.Count;
        Dictionary<Guid, AuditedSeal> seals = [];
        // What does not grow with history comes first, so that the time limit does not keep it from ever being looked at.
        List<(string Name, Func<CancellationToken, Task> Check)> parts = [];
        parts.Add(("the chain of seals", ChainAsync));
        parts.Add(("results in force", token => CurrentCheck.RunAsync(connection, kept, report, token)));
        parts.Add(("cached results", CacheAsync));
        parts.Add(("runs", token => AuditRunsAsync(connection, runs, seals, report, token)));
        parts.Add(("doubled results", token => RunCompletenessCheck.DoubledAsync(connection, report, token)));
        var reached = 0;
        try
        {
            for (; reached < parts.Count; reached++)
                await parts[reached].Check(limit.Token);
        }
        catch (Exception exception) when (IsCancelled(exception) && limit.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            // The time limit: what was seen so far is reported, and what was not.
        }
        report.NotReached = [.. parts.Skip(reached).Select(part => part.Name)];
        return report;

        async Task ChainAsync(CancellationToken token)
        {
            seals = await SealChainCheck.RunAsync(connection, kept, report, token);
            await ErasureCheck.RunAsync(connection, seals, report, token);
        }

        Task CacheAsync(CancellationToken token) =>
            options.Cache is { } cache ? CacheCheck.RunAsync(connection, database, cache, report, token) : Task.CompletedTask;
    }

    private static async Task AuditRunsAsync(
        NpgsqlConnection connection,
        List<AuditedRun> runs,
        Dictionary<Guid, AuditedSeal> seals,
        AuditReport report,
        CancellationToken ct
    )
    {
        var firstSealed = runs.Where(run => seals.ContainsKey(run.Id)).Min(run => (long?)run.Number);
        foreach (var run in runs)
        {
            var seal = seals.GetValueOrDefault(run.Id);
            await RunCompletenessCheck.RunAsync(connection, run, report, ct);
            await SumCheck.RunAsync(connection, run, report, ct);
            await CurrentCheck.RunAsync(connection, run, report, ct);
            if (run.IsFinished || seal is not null)
                await RunRootCheck.RunAsync(connection, run, seal, firstSealed, report, ct);
            report.Runs++;
            report.RunsLeft--;
        }
    }

    internal static NpgsqlCommand Command(this NpgsqlConnection connection, string sql, params ReadOnlySpan<object> values)
    {
        NpgsqlCommand command = new(sql, connection) { CommandTimeout = 0 };
        foreach (var value in values)
            command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        return command;
    }

    internal static NpgsqlParameter OrNull(DateOnly? day) =>
        new() { Value = (object?)day ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Date };

    private static bool IsCancelled(Exception exception) =>
        exception is OperationCanceledException or PostgresException { SqlState: PostgresErrorCodes.QueryCanceled };

    private static async Task<List<AuditedRun>> RunsAsync(
        NpgsqlConnection connection,
        DateOnly? kept,
        AuditReport report,
        CancellationToken ct
    )
    {
        List<AuditedRun> runs = [];
        await using var command = connection.Command(Runs, OrNull(kept));
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            if (reader.GetBoolean(7))
                report.RunsBelowTheHorizon++;
            else
                runs.Add(
                    new(
                        reader.GetGuid(0),
                        reader.GetInt64(1),
                        reader.GetString(2),
                        reader.GetFieldValue<DateOnly>(3),
                        reader.GetInt32(4),
                        reader.GetBoolean(5),
                        await reader.IsDBNullAsync(6, ct) ? null : reader.GetGuid(6)
                    )
                );
        }
        return runs;
    }
}
