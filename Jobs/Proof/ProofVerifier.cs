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
        select id, market, business_date, revision, completed_at is not null from overnight_job_runs
        where job_type = 'scoring' and ($1 is null or id = $1) order by number
        """;

    /// <param name="run">Null for all runs; the chain of seals is checked whole either way.</param>
    /// <param name="progress">Told after each run.</param>
    /// <returns>Null when there is no such run.</returns>
    public async Task<ProofReport?> VerifyAsync(Guid? run, IProgress<ProofReport>? progress, CancellationToken ct)
    {
        ProofReport report = new();
        // Runs are read before the seals, so that a run that was finished by then has its seal.
        var runs = await RunsAsync(run, ct);
        if (run is not null && runs.Count == 0)
            return null;
        var seals = await SealChainVerifier.VerifyAsync(connection, report, ct);
        RunVerifier verifier = new(connection, report);
        foreach (var one in runs)
        {
            await verifier.VerifyAsync(one, seals.GetValueOrDefault(one.Id), ct);
            progress?.Report(report);
        }
        await verifier.VerifyStraysAsync(run, ct);
        if (run is null)
            await verifier.VerifyCriteriaAsync(ct);
        return report;
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
                new(reader.GetGuid(0), reader.GetString(1), reader.GetFieldValue<DateOnly>(2), reader.GetInt32(3), reader.GetBoolean(4))
            );
        }
        return runs;
    }
}
