using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Jobs.Proof;

/// <summary>
/// Checks what is stored against the chain: that results, events, snapshots and criteria are as they were when their run was sealed. Reads
/// only, and trusts no function or trigger of the database.
/// </summary>
internal sealed class ProofVerifier(NpgsqlConnection connection)
{
    private const string Runs = """
        select id, number, market, business_date, revision, completed_at is not null, snapshot_id is not null from overnight_job_runs
        where job_type = 'scoring' and ($1 is null or id = $1) order by number
        """;

    /// <param name="run">
    /// Null for all runs, and then criteria that no result names and rows that name another day than their run's as well. The chain of
    /// seals is checked whole either way.
    /// </param>
    /// <param name="progress">Told after each run.</param>
    /// <returns>Null when there is no such run.</returns>
    public async Task<VerificationReport?> VerifyAsync(Guid? run, IProgress<VerificationReport>? progress, CancellationToken ct)
    {
        // Retention takes this lock alone, so that nothing is dropped between two of the queries.
        await ExecuteAsync("set lock_timeout = 0; select pg_advisory_lock_shared(hashtext('overnight.retention')); reset lock_timeout", ct);
        try
        {
            return await VerifyKeptAsync(run, progress, ct);
        }
        finally
        {
            // A pooled connection keeps its session locks when it is closed.
            if (connection.State == System.Data.ConnectionState.Open)
                await ExecuteAsync("select pg_advisory_unlock_shared(hashtext('overnight.retention'))", CancellationToken.None);
        }
    }

    private async Task<VerificationReport?> VerifyKeptAsync(Guid? run, IProgress<VerificationReport>? progress, CancellationToken ct)
    {
        VerificationReport report = new();
        // Runs are read before the seals, so that a run that was finished by then has its seal.
        var runs = await RunsAsync(run, ct);
        if (run is not null && runs.Count == 0)
            return null;
        var bounds = await ChainBounds.ReadAsync(connection, ct);
        var seals = await SealChainVerifier.VerifyAsync(connection, report, bounds, ct);
        await ErasureVerifier.VerifyAsync(connection, report, seals, bounds, ct);
        RunVerifier verifier = new(connection, report, bounds);
        foreach (var one in runs)
        {
            await verifier.VerifyAsync(one, seals.GetValueOrDefault(one.Id), ct);
            progress?.Report(report);
        }
        if (run is null)
        {
            await verifier.VerifyStraysAsync(ct);
            await verifier.VerifyCriteriaAsync(ct);
        }
        return report;
    }

    private async Task ExecuteAsync(string sql, CancellationToken ct)
    {
        await using var command = connection.Command(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<List<VerifiedRun>> RunsAsync(Guid? run, CancellationToken ct)
    {
        List<VerifiedRun> runs = [];
        await using var command = connection.Command(
            Runs,
            new NpgsqlParameter { Value = (object?)run ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid }
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            runs.Add(
                new(
                    reader.GetGuid(0),
                    reader.GetInt64(1),
                    reader.GetString(2),
                    reader.GetFieldValue<DateOnly>(3),
                    reader.GetInt32(4),
                    reader.GetBoolean(5),
                    reader.GetBoolean(6)
                )
            );
        }
        return runs;
    }
}
