using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Jobs.Proof;

/// <summary>
/// Checks the chain of seals itself: numbers, links and hashes, and that each seal has its run or lies below the horizon, or its erasure.
/// </summary>
internal static class SealChainVerifier
{
    private const string All = $"select {Seal.Columns} from seals order by seq";

    private const string Sealed =
        "select id from overnight_job_runs where job_type = 'scoring' union all select id from erasures where seal is not null";

    /// <param name="seals">All there are, by number.</param>
    public static async Task VerifyAsync(
        NpgsqlConnection connection,
        IReadOnlyList<Seal> seals,
        VerificationReport report,
        ChainBounds bounds,
        CancellationToken ct
    )
    {
        var sealedIds = await SealedAsync(connection, ct);
        var (next, previous) = (1L, Seal.NoPrevious);
        foreach (var seal in seals)
        {
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
            if (seal.Market == SealChain.Erasure)
            {
                // Erasures outlive retention, as their seals do.
                if (!sealedIds.Contains(seal.RunId))
                    report.Add(FaultKind.SealInvented, $"{Name(seal)} is of an erasure that is not there, or that has no seal.");
            }
            else if (seal.Market != SealChain.Retention)
            {
                if (bounds.IsBelow(seal.BusinessDate))
                    report.BelowTheHorizon++;
                else if (!sealedIds.Contains(seal.RunId))
                    report.Add(FaultKind.SealInvented, $"{Name(seal)} is of a run that is not there, though runs of that day are kept.");
            }
            (next, previous) = (seal.Sequence + 1, seal.Hash);
        }
        report.Seals = seals.Count;
    }

    private static string Name(Seal seal) =>
        $"Seal {seal.Sequence} (run {seal.RunId}, {seal.Market}, {IsoDate.Of(seal.BusinessDate)}, revision {seal.Revision})";

    /// <summary>Reads all seals, by number.</summary>
    public static async Task<IReadOnlyList<Seal>> ReadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        List<Seal> seals = [];
        await using var command = connection.Command(All);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            seals.Add(Seal.Read(reader));
        return seals;
    }

    private static async Task<HashSet<Guid>> SealedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        HashSet<Guid> ids = [];
        await using var command = connection.Command(Sealed);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            ids.Add(reader.GetGuid(0));
        return ids;
    }
}
