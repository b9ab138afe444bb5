using Npgsql;

namespace Overnight.Auditor;

/// <summary>A batch that is done.</summary>
/// <param name="Erased">Places of leaves whose calculations were erased.</param>
internal sealed record AuditedBatch(int Number, Guid First, Guid Last, byte[]? Leaves, byte[]? Root, int[] Erased);

/// <summary>
/// The stored rows of a run give the leaves of its batches, those the roots, and those the root and snapshot hash of its seal.
/// </summary>
internal static class RunRootCheck
{
    private const byte Snapshot = 3;

    private const string Batches = """
        select number, first_user, last_user, leaves, root,
            array(select leaf from erased_leaves e where e.run_id = b.run_id and e.batch = b.number)
        from run_batches b where run_id = $1 and status = 'done' order by number
        """;

    private const string Snapshots =
        "select id, market, business_date, taken_at, prices_as_of, rates_as_of, payload from market_snapshots where id = $1";

    /// <param name="firstSealed">The lowest number of a run that has a seal: only runs before it may be without one.</param>
    public static async Task RunAsync(
        NpgsqlConnection connection,
        AuditedRun run,
        AuditedSeal? seal,
        long? firstSealed,
        AuditReport report,
        CancellationToken ct
    )
    {
        var batches = await BatchesAsync(connection, run, ct);
        var isBefore = firstSealed is null || run.Number < firstSealed;
        // A part of the run is from before the chain began, or the run has nothing.
        if (seal is null && isBefore && (batches.Count == 0 || batches.Exists(b => b.Root is null)))
            return;
        if (seal is null)
            report.Add(
                FindingName.RemovedSeal,
                $"{run} ended and has no seal, and {(isBefore ? "its batches have roots" : "runs before it have one")}."
            );
        else if (!run.IsFinished || (run.Market, run.Day, run.Revision) != (seal.Market, seal.Day, seal.Revision))
            report.Add(
                FindingName.AlteredRun,
                $"{run} was sealed at its end as {seal.Market}, {seal.Day:yyyy-MM-dd}, revision {seal.Revision}, and its row says something else."
            );
        if (seal is not null && !Hashes.Same(Hashes.Root(batches.ConvertAll(b => b.Root ?? [])), seal.Root))
            report.Add(FindingName.AlteredBatch, $"the roots of the batches of {run} do not give the root of seal {seal.Number}.");
        if (seal is not null && !Hashes.Same(await SnapshotAsync(connection, run, ct), seal.SnapshotHash))
            report.Add(FindingName.AlteredSnapshot, $"the market snapshot of {run} does not give the hash in seal {seal.Number}.");
        foreach (var batch in batches)
            Compare(await LeafCalculator.ComputeAsync(connection, run, batch, report, ct), run, batch, report);
    }

    private static void Compare(List<(Guid User, string Leaf)> computed, AuditedRun run, AuditedBatch batch, AuditReport report)
    {
        var name = $"batch {batch.Number} of {run}";
        var stored = Hashes.Cut(batch.Leaves ?? []);
        var leaves = stored.Where((_, place) => !batch.Erased.Contains(place)).Select(Convert.ToHexString).ToList();
        if (!Hashes.Same(Hashes.Root(stored), batch.Root))
            report.Add(FindingName.AlteredBatch, $"the leaves of {name} do not give its root.");
        if (computed.Select(c => c.Leaf).SequenceEqual(leaves))
            return;
        var there = leaves.ToHashSet();
        if (there.SetEquals(computed.Select(c => c.Leaf)))
        {
            report.Add(FindingName.SwappedLeaves, $"the leaves of {name} are not in the order of their users.");
            return;
        }
        foreach (var (user, _) in computed.Where(c => !there.Contains(c.Leaf)))
            report.Add(FindingName.AlteredCalculation, $"user {user} in {name}: result, events or criteria are not as they were sealed.");
        if (leaves.Count > computed.Count)
            report.Add(FindingName.MissingResult, $"{name}: leaves {leaves.Count}, users with calculations {computed.Count}.");
        else if (leaves.Count < computed.Count)
            report.Add(FindingName.InventedResult, $"{name}: leaves {leaves.Count}, users with calculations {computed.Count}.");
    }

    private static async Task<byte[]?> SnapshotAsync(NpgsqlConnection connection, AuditedRun run, CancellationToken ct)
    {
        if (run.Snapshot is not { } id)
            return null;
        await using var command = connection.Command(Snapshots, id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            return null;
        var row = new RowBytes()
            .Raw(Snapshot)
            .Row(
                reader.GetGuid(0),
                reader.GetString(1),
                reader.GetFieldValue<DateOnly>(2),
                reader.GetDateTime(3),
                reader.GetValue(4),
                reader.GetValue(5),
                reader.GetFieldValue<byte[]>(6)
            );
        return Hashes.Of(row);
    }

    private static async Task<List<AuditedBatch>> BatchesAsync(NpgsqlConnection connection, AuditedRun run, CancellationToken ct)
    {
        List<AuditedBatch> batches = [];
        await using var command = connection.Command(Batches, run.Id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            batches.Add(
                new(
                    reader.GetInt32(0),
                    reader.GetGuid(1),
                    reader.GetGuid(2),
                    reader.GetValue(3) as byte[],
                    reader.GetValue(4) as byte[],
                    reader.GetFieldValue<int[]>(5)
                )
            );
        return batches;
    }
}
