using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Proof;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>Appends an ended run to the chain of seals, inside the transaction that ends it.</summary>
internal static class RunSeal
{
    // One at a time, so that each seal names the one before it. Runs of several markets may end at once.
    private const string Lock = "select pg_advisory_xact_lock(hashtext('overnight.seals'))";

    private const string Roots = "select root from run_batches where run_id = $1 and status = 'done' order by number";

    private const string Last = "select seq, hash from seals order by seq desc limit 1";

    private const string Insert = $"insert into seals ({Seal.Columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    /// <returns>
    /// Null for a run that has nothing to seal: it was not planned, or a build from before the chain computed a part of it.
    /// </returns>
    public static async Task<Seal?> AppendAsync(NpgsqlConnection connection, PipelineRun run, DateTimeOffset now, CancellationToken ct)
    {
        if (await RootAsync(connection, run.Id, ct) is not { } root || await SnapshotHashAsync(connection, run.Id, ct) is not { } snapshot)
            return null;
        await using (var take = connection.Command(Lock))
            await take.ExecuteNonQueryAsync(ct);
        var (sequence, previous) = (1L, Seal.NoPrevious);
        await using (var last = connection.Command(Last))
        await using (var reader = await last.ExecuteReaderAsync(ct))
        {
            if (await reader.ReadAsync(ct))
                (sequence, previous) = (reader.GetInt64(0) + 1, reader.GetFieldValue<byte[]>(1));
        }
        // The hash covers the time as PostgreSQL stores it.
        var at = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        Seal seal = new(sequence, run.Id, run.Market, run.BusinessDate, run.Revision, root, snapshot, at, previous, []);
        seal = seal with { Hash = seal.ComputeHash() };
        await using var insert = connection.Command(
            Insert,
            seal.Sequence,
            seal.RunId,
            seal.Market,
            seal.BusinessDate,
            seal.Revision,
            seal.Root,
            seal.SnapshotHash,
            seal.SealedAt,
            seal.Previous,
            seal.Hash
        );
        await insert.ExecuteNonQueryAsync(ct);
        return seal;
    }

    /// <returns>Null when a batch that is done has no root.</returns>
    private static async Task<byte[]?> RootAsync(NpgsqlConnection connection, Guid run, CancellationToken ct)
    {
        List<byte> roots = [];
        await using var command = connection.Command(Roots, run);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            if (await reader.IsDBNullAsync(0, ct))
                return null;
            roots.AddRange(reader.GetFieldValue<byte[]>(0));
        }
        return HashTree.Root(roots.ToArray());
    }

    private static async Task<byte[]?> SnapshotHashAsync(NpgsqlConnection connection, Guid run, CancellationToken ct)
    {
        CopyReader copy = new();
        await copy.LoadAsync(
            connection,
            $"select {HashedColumns.SnapshotColumns} from market_snapshots where id = (select snapshot_id from overnight_job_runs where id = '{run:D}')",
            ct
        );
        if (!copy.NextRow())
            return null;
        copy.Skip(HashedColumns.SnapshotFields);
        return RowHash.OfSnapshot(copy.Slice(copy.Row));
    }
}
