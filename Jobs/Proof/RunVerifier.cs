using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Jobs.Proof;

/// <summary>A run as the verifier reads it.</summary>
/// <param name="Number">In the order in which runs were started.</param>
/// <param name="HasSnapshot">Whether it came as far as its plan.</param>
internal sealed record VerifiedRun(
    Guid Id,
    long Number,
    string Market,
    DateOnly BusinessDate,
    int Revision,
    bool IsFinished,
    bool HasSnapshot
)
{
    public override string ToString() => $"run {Id} ({Market}, {IsoDate.Of(BusinessDate)}, revision {Revision})";
}

/// <summary>A batch as the verifier reads it.</summary>
internal sealed record VerifiedBatch(int Number, Guid FirstUser, Guid LastUser, bool IsDone, byte[]? Leaves, byte[]? Root)
{
    /// <summary>Leaves of calculations that were erased with their users.</summary>
    public List<(int Leaf, byte[]? Hash)> Erased { get; } = [];
}

/// <summary>
/// Checks stored runs against their seals: root of the run, snapshot, and batch by batch every event, result and criteria version. Reads
/// only, a batch at a time. Not thread-safe.
/// </summary>
internal sealed class RunVerifier(NpgsqlConnection connection, VerificationReport report, ChainBounds bounds)
{
    private const int Named = 20;

    private const string Batches =
        "select number, first_user, last_user, status = 'done', leaves, root from run_batches where run_id = $1 order by number";

    private const string Erased = """
        select l.batch, l.leaf, l.hash, l.erasure_id, s.seq is not null
        from erased_leaves l left join seals s on s.run_id = l.erasure_id and s.market = 'ERASURE'
        where l.run_id = $1 order by l.batch, l.leaf
        """;

    // Rows of a run beside its day, from the day $1 on. Read from the indexes alone, but all of them.
    private const string Strays = """
        select 'result', c.user_id, c.business_date, c.run_id, exists (select from calculation_results o
            where o.user_id = c.user_id and o.run_id = c.run_id and o.business_date = r.business_date)
        from calculation_results c left join overnight_job_runs r on r.id = c.run_id
        where c.business_date >= $1 and r.business_date is distinct from c.business_date
        union all
        select 'event ' || e.type, e.user_id, e.business_date, e.run_id, exists (select from calculation_events o
            where o.business_date = r.business_date and o.run_id = e.run_id and o.user_id = e.user_id and o.type = e.type)
        from calculation_events e left join overnight_job_runs r on r.id = e.run_id
        where e.business_date >= $1 and r.business_date is distinct from e.business_date
        limit 1000
        """;

    private const string Counts = """
        select (select count(*) from calculation_results where business_date = $1 and run_id = $2),
            (select count(*) from calculation_events where business_date = $1 and run_id = $2)
        """;

    private const string OutsideOfBatches = """
        select 'result', t.user_id from calculation_results t where t.business_date = $1 and t.run_id = $2 and not exists (select
            from run_batches b where b.run_id = $2 and b.status = 'done' and t.user_id between b.first_user and b.last_user)
        union all
        select 'event ' || t.type, t.user_id from calculation_events t where t.business_date = $1 and t.run_id = $2 and not exists (select
            from run_batches b where b.run_id = $2 and b.status = 'done' and t.user_id between b.first_user and b.last_user)
        limit 20
        """;

    private readonly BatchVerifier _batches = new(connection, report);

    /// <param name="seal">Null for a run without one.</param>
    public async Task VerifyAsync(VerifiedRun run, Seal? seal, CancellationToken ct)
    {
        if (seal is null && !run.IsFinished)
        {
            report.Unfinished++;
            return;
        }
        // Retention may have dropped a part of it. The day of a seal is proven by the chain, that of a run is not.
        if (bounds.IsBelow(seal?.BusinessDate ?? run.BusinessDate))
            return;
        var batches = await BatchesAsync(run, ct);
        var done = batches.FindAll(b => b.IsDone);
        if (seal is null && await JudgeUnsealedAsync(run, batches, done, ct))
            return;
        report.Runs++;
        if (seal is not null)
            await VerifySealAsync(run, seal, done, ct);

        long results = 0,
            events = 0;
        foreach (var batch in done)
        {
            if (batch.Leaves is null || batch.Root is null || !HashTree.Root(batch.Leaves).AsSpan().SequenceEqual(batch.Root))
                report.Add(
                    FaultKind.AlteredBatch,
                    $"Batch {batch.Number} of {run}: its leaves do not give its root; one of them was changed."
                );
            var (r, e) = await _batches.VerifyAsync(run, batch, ct);
            (results, events) = (results + r, events + e);
        }
        await VerifyRestAsync(run, results, events, ct);
    }

    /// <summary>Finds rows that name another day than their run's, or a run that is not there. Takes as long as all runs do.</summary>
    public async Task VerifyStraysAsync(CancellationToken ct)
    {
        await using var command = connection.Command(Strays, bounds.KeptFrom ?? DateOnly.MinValue);
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var isDouble = reader.GetBoolean(4);
            report.Add(
                isDouble ? FaultKind.Doubled : FaultKind.Invented,
                $"A {reader.GetString(0)} of user {reader.GetGuid(1)} and run {reader.GetGuid(3)} is stored for {IsoDate.Of(reader.GetFieldValue<DateOnly>(2))}, "
                    + (isDouble ? "beside the one of the run's own day." : "which is not a day of that run.")
            );
        }
    }

    /// <summary>Checks every criteria version against the hash it was written with.</summary>
    public Task VerifyCriteriaAsync(CancellationToken ct) => _batches.VerifyCriteriaAsync(ct);

    /// <summary>Counts a run that rightly has no seal (from before the chain, or never planned), else reports a missing seal.</summary>
    /// <returns>Whether there is nothing more to check.</returns>
    private async Task<bool> JudgeUnsealedAsync(
        VerifiedRun run,
        List<VerifiedBatch> batches,
        List<VerifiedBatch> done,
        CancellationToken ct
    )
    {
        var hasRoots = done.Exists(b => b.Root is not null);
        if (bounds.IsBeforeTheChain(run.Number) && (done.Count == 0 || done.Exists(b => b.Root is null)))
        {
            report.BeforeTheChain++;
            return true;
        }
        if (batches.Count == 0 && !run.HasSnapshot)
        {
            report.Unplanned++;
            await VerifyRestAsync(run, 0, 0, ct);
            return true;
        }
        report.Add(
            FaultKind.SealMissing,
            hasRoots
                ? $"The seal of {run} was taken out: its batches have roots."
                : $"{run} ended after the chain had begun, and has neither a seal nor roots: they were taken out, or an older build computed it."
        );
        return !hasRoots;
    }

    private async Task VerifySealAsync(VerifiedRun run, Seal seal, List<VerifiedBatch> done, CancellationToken ct)
    {
        if (!run.IsFinished)
            report.Add(FaultKind.Changed, $"The row of {run} was changed: it was sealed at its end, and says that it is not finished.");
        byte[] roots = [.. done.SelectMany(b => b.Root ?? [])];
        if (!HashTree.Root(roots).AsSpan().SequenceEqual(seal.Root))
            report.Add(
                FaultKind.AlteredBatch,
                $"The roots of the batches of {run} do not give the root of its seal: a batch was changed, taken out or put in."
            );
        if ((seal.Market, seal.BusinessDate, seal.Revision) != (run.Market, run.BusinessDate, run.Revision))
            report.Add(
                FaultKind.Changed,
                $"The row of {run} was changed: it was sealed as {seal.Market}, {IsoDate.Of(seal.BusinessDate)}, revision {seal.Revision}."
            );
        CopyReader copy = new();
        await copy.LoadAsync(
            connection,
            $"select {HashedColumns.SnapshotColumns} from market_snapshots where id = (select snapshot_id from overnight_job_runs where id = '{run.Id:D}')",
            ct
        );
        if (!copy.NextRow())
            report.Add(FaultKind.AlteredSnapshot, $"The market snapshot of {run} is not there.");
        else
        {
            copy.Skip(HashedColumns.SnapshotFields);
            if (!RowHash.OfSnapshot(copy.Slice(copy.Row)).AsSpan().SequenceEqual(seal.SnapshotHash))
                report.Add(FaultKind.AlteredSnapshot, $"The market snapshot of {run} was changed after the run was sealed.");
        }
    }

    /// <summary>Names rows of the run's day that belong to no batch.</summary>
    private async Task VerifyRestAsync(VerifiedRun run, long results, long events, CancellationToken ct)
    {
        await using (var counts = connection.Command(Counts, run.BusinessDate, run.Id))
        await using (var reader = await counts.ExecuteReaderAsync(ct))
        {
            await reader.ReadAsync(ct);
            if ((reader.GetInt64(0), reader.GetInt64(1)) == (results, events))
                return;
        }
        await using var command = connection.Command(OutsideOfBatches, run.BusinessDate, run.Id);
        await using var outside = await command.ExecuteReaderAsync(ct);
        for (var count = 0; count < Named && await outside.ReadAsync(ct); count++)
            report.Add(
                FaultKind.Invented,
                $"A {outside.GetString(0)} of user {outside.GetGuid(1)} in {run} is in the range of none of its batches."
            );
    }

    private async Task<List<VerifiedBatch>> BatchesAsync(VerifiedRun run, CancellationToken ct)
    {
        List<VerifiedBatch> batches = [];
        await using var command = connection.Command(Batches, run.Id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            batches.Add(
                new(
                    reader.GetInt32(0),
                    reader.GetGuid(1),
                    reader.GetGuid(2),
                    reader.GetBoolean(3),
                    await reader.IsDBNullAsync(4, ct) ? null : reader.GetFieldValue<byte[]>(4),
                    await reader.IsDBNullAsync(5, ct) ? null : reader.GetFieldValue<byte[]>(5)
                )
            );
        }
        await reader.DisposeAsync();
        await ReadErasedAsync(run, batches, ct);
        return batches;
    }

    /// <summary>An erasure that is not in the chain explains nothing: its leaves count as missing, too.</summary>
    private async Task ReadErasedAsync(VerifiedRun run, List<VerifiedBatch> batches, CancellationToken ct)
    {
        await using var command = connection.Command(Erased, run.Id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var (number, leaf) = (reader.GetInt32(0), reader.GetInt32(1));
            if (!reader.GetBoolean(4))
                report.Add(
                    FaultKind.UnsealedErasure,
                    $"Leaf {leaf} of batch {number} of {run} is kept by erasure {reader.GetGuid(3)}, of which the chain has no seal."
                );
            else
                batches.Find(batch => batch.Number == number)?.Erased.Add((leaf, reader.GetValue(2) as byte[]));
        }
    }
}
