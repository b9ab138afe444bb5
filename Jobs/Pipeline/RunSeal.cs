using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Proof;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>Appends an ended run to the chain of seals, inside the transaction that ends it.</summary>
internal static class RunSeal
{
    private const string Roots = "select root from run_batches where run_id = $1 and status = 'done' order by number";

    /// <returns>
    /// Null for a run that has nothing to seal: it was not planned, or a build from before the chain computed a part of it.
    /// </returns>
    public static async Task<Seal?> AppendAsync(NpgsqlConnection connection, PipelineRun run, DateTimeOffset now, CancellationToken ct)
    {
        if (await RootAsync(connection, run.Id, ct) is not { } root || await SnapshotHashAsync(connection, run.Id, ct) is not { } snapshot)
            return null;
        return await SealChain.AppendAsync(connection, run.Id, run.Market, run.BusinessDate, run.Revision, root, snapshot, now, ct);
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
