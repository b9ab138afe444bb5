using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Jobs.Proof;

/// <summary>
/// Checks the chain of seals itself: numbers, links and hashes, and that each seal has its run or lies below the horizon.
/// </summary>
internal static class SealChainVerifier
{
    private const string All = $"select {Seal.Columns} from seals order by seq";

    private const string Runs =
        "select id from overnight_job_runs where job_type = 'scoring' union all select id from erasures where completed_at is not null";

    /// <returns>The seals by their runs.</returns>
    public static async Task<IReadOnlyDictionary<Guid, Seal>> VerifyAsync(
        NpgsqlConnection connection,
        VerificationReport report,
        ChainBounds bounds,
        CancellationToken ct
    )
    {
        var all = await SealsAsync(connection, ct);
        // Runs are read after the seals, so that a run that ends meanwhile is there.
        var runs = await RunsAsync(connection, ct);
        Dictionary<Guid, Seal> seals = [];
        var (next, previous) = (1L, Seal.NoPrevious);
        foreach (var seal in all)
        {
            seals[seal.RunId] = seal;
            if (seal.Sequence != next)
                report.Add(
                    FaultKind.SealMissing,
                    $"{Plural.Of(seal.Sequence - next, "seal")} before {Name(seal)} taken out, from number {next} on."
                );
            else if (!seal.Previous.AsSpan().SequenceEqual(previous))
                report.Add(
                    FaultKind.SealAltered,
                    $"{Name(seal)} does not follow the seal before it: one of the two was changed, put in or taken out."
                );
            if (!seal.ComputeHash().AsSpan().SequenceEqual(seal.Hash))
                report.Add(FaultKind.SealAltered, $"{Name(seal)} was changed: its columns do not give its hash.");
            if (bounds.IsBelow(seal.BusinessDate))
                report.BelowTheHorizon++;
            else if (!runs.Contains(seal.RunId))
                report.Add(FaultKind.SealInvented, $"{Name(seal)} is of a run that is not there, though runs of that day are kept.");
            (next, previous) = (seal.Sequence + 1, seal.Hash);
        }
        report.Seals = all.Count;
        return seals;
    }

    private static string Name(Seal seal) =>
        $"Seal {seal.Sequence} (run {seal.RunId}, {seal.Market}, {IsoDate.Of(seal.BusinessDate)}, revision {seal.Revision})";

    private static async Task<List<Seal>> SealsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        List<Seal> seals = [];
        await using var command = connection.Command(All);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            seals.Add(Seal.Read(reader));
        return seals;
    }

    private static async Task<HashSet<Guid>> RunsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        HashSet<Guid> runs = [];
        await using var command = connection.Command(Runs);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            runs.Add(reader.GetGuid(0));
        return runs;
    }
}
