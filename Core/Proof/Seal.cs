using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Core.Proof;

/// <summary>
/// A link of the chain: the root of one run, and the hash of the link before. Seals are numbered in the order in which runs ended, whatever
/// their markets and dates, and are kept when the run's rows are dropped.
/// </summary>
/// <param name="Sequence">From 1, without gaps.</param>
/// <param name="Root">Root of the hash tree over the roots of the run's batches that are done, by number.</param>
/// <param name="SnapshotHash">Hash of the run's market snapshot.</param>
/// <param name="SealedAt">UTC, to the microsecond.</param>
/// <param name="Previous">Hash of the seal before; 32 zero bytes in the first.</param>
/// <param name="Hash">As stored; <see cref="ComputeHash"/> gives what it must be.</param>
internal sealed record Seal(
    long Sequence,
    Guid RunId,
    string Market,
    DateOnly BusinessDate,
    int Revision,
    byte[] Root,
    byte[] SnapshotHash,
    DateTimeOffset SealedAt,
    byte[] Previous,
    byte[] Hash
)
{
    public const string Columns = "seq, run_id, market, business_date, revision, root, snapshot_hash, sealed_at, previous, hash";

    /// <summary>In the place of a market: the seal of an erasure.</summary>
    public const string ErasureMarket = "ERASURE";

    public static byte[] NoPrevious { get; } = new byte[HashTree.Length];

    /// <summary>Reads <see cref="Columns"/>.</summary>
    public static Seal Read(NpgsqlDataReader reader) =>
        new(
            reader.GetInt64(0),
            reader.GetGuid(1),
            reader.GetString(2),
            reader.GetFieldValue<DateOnly>(3),
            reader.GetInt32(4),
            reader.GetFieldValue<byte[]>(5),
            reader.GetFieldValue<byte[]>(6),
            reader.GetFieldValue<DateTimeOffset>(7),
            reader.GetFieldValue<byte[]>(8),
            reader.GetFieldValue<byte[]>(9)
        );

    /// <summary>The hash over every other column.</summary>
    public byte[] ComputeHash()
    {
        CopyBuffer row = new(256);
        row.Only(9);
        row.BigInt(Sequence);
        row.Id(RunId);
        row.Text(Market);
        row.Date(BusinessDate);
        row.Integer(Revision);
        row.Bytes(Root);
        row.Bytes(SnapshotHash);
        row.Time(SealedAt);
        row.Bytes(Previous);
        return RowHash.OfSeal(row.Row);
    }
}
