using System.Data;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Jobs.Proof;

/// <summary>
/// Checks what is stored against the chain: that results, events, snapshots and criteria are as they were when their run was sealed. Reads
/// only, and trusts no function or trigger of the database. The chain is read in one snapshot and each run in one of its own, so that an
/// erasure at the same time is seen whole or not at all, and no snapshot is held for as long as all runs take.
/// </summary>
/// <param name="isInTransaction">Verifies what the connection's transaction sees.</param>
internal sealed class ProofVerifier(NpgsqlConnection connection, bool isInTransaction = false)
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
            if (connection.State == ConnectionState.Open)
                await ExecuteAsync("select pg_advisory_unlock_shared(hashtext('overnight.retention'))", CancellationToken.None);
        }
    }

    private async Task<VerificationReport?> VerifyKeptAsync(Guid? run, IProgress<VerificationReport>? progress, CancellationToken ct)
    {
        VerificationReport report = new();
        List<VerifiedRun> runs;
        Dictionary<Guid, Seal> seals = [];
        ChainBounds bounds;
        await using (await SnapshotAsync(ct))
        {
            runs = await RunsAsync(run, ct);
            if (run is not null && runs.Count == 0)
                return null;
            var chain = await SealChainVerifier.ReadAsync(connection, ct);
            foreach (var seal in chain)
                seals[seal.RunId] = seal;
            bounds = await ChainBounds.ReadAsync(connection, chain, report, ct);
            await SealChainVerifier.VerifyAsync(connection, chain, report, bounds, ct);
            await ErasureVerifier.VerifyAsync(connection, report, seals, ct);
        }
        RunVerifier verifier = new(connection, report, bounds);
        foreach (var one in runs)
        {
            await using (await SnapshotAsync(ct))
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

    /// <returns>Null where the connection has a transaction already.</returns>
    private async Task<NpgsqlTransaction?> SnapshotAsync(CancellationToken ct) =>
        isInTransaction ? null : await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);

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
