using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Core.Proof;

/// <summary>Appends to the chain of seals.</summary>
internal static class SealChain
{
    /// <summary>What a seal that is of no run has in the place of a market.</summary>
    public const string Erasure = "ERASURE",
        Retention = "RETENTION";

    // One at a time, so that each seal names the one before it. Runs of several markets may end at once.
    private const string Lock = "select pg_advisory_xact_lock(hashtext('overnight.seals'))";

    private const string Last = "select seq, hash from seals order by seq desc limit 1";

    private const string Insert = $"insert into seals ({Seal.Columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    /// <summary>Waits for who appends, until the end of the connection's transaction.</summary>
    public static async Task LockAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var take = connection.Command(Lock);
        await take.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Appends a seal in the connection's transaction; the next one waits for its commit.</summary>
    /// <param name="of">Id of the run or erasure that is sealed.</param>
    public static async Task<Seal> AppendAsync(
        NpgsqlConnection connection,
        Guid of,
        string market,
        DateOnly businessDate,
        int revision,
        byte[] root,
        byte[] snapshotHash,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        await LockAsync(connection, ct);
        var (sequence, previous) = (1L, Seal.NoPrevious);
        await using (var last = connection.Command(Last))
        await using (var reader = await last.ExecuteReaderAsync(ct))
        {
            if (await reader.ReadAsync(ct))
                (sequence, previous) = (reader.GetInt64(0) + 1, reader.GetFieldValue<byte[]>(1));
        }
        // The hash covers the time as PostgreSQL stores it.
        var at = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        Seal seal = new(sequence, of, market, businessDate, revision, root, snapshotHash, at, previous, []);
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
}
