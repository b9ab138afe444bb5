using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Jobs.Erasures;

/// <summary>
/// An erasure's entry in the chain: its root is that of the hash tree over the leaves that it keeps, and what stands in for the hash of a
/// market snapshot is the hash of the counts of what it removed.
/// </summary>
internal static class ErasureSeal
{
    /// <summary>The kind of kept leaves among the counts.</summary>
    public const string Leaves = "leaves";

    private const string Hashes = "select hash from erased_leaves where erasure_id = $1 and hash is not null order by run_id, batch, leaf";

    private const string Counts = "select removed::text from erasures where id = $1";

    public static async Task<Seal> AppendAsync(NpgsqlConnection connection, Guid erasure, DateTimeOffset now, CancellationToken ct)
    {
        await using var counts = connection.Command(Counts, erasure);
        var removed = (string)(await counts.ExecuteScalarAsync(ct))!;
        var (root, _) = await RootAsync(connection, erasure, ct);
        return await SealChain.AppendAsync(
            connection,
            erasure,
            Seal.ErasureMarket,
            DateOnly.FromDateTime(now.UtcDateTime),
            0,
            root,
            HashOf(removed),
            now,
            ct
        );
    }

    /// <param name="removed">The counts as PostgreSQL writes them.</param>
    public static byte[] HashOf(string removed) => SHA256.HashData(Encoding.UTF8.GetBytes(removed));

    /// <returns>The root, and over how many leaves.</returns>
    public static async Task<(byte[] Root, int Leaves)> RootAsync(NpgsqlConnection connection, Guid erasure, CancellationToken ct)
    {
        List<byte> leaves = [];
        await using var command = connection.Command(Hashes, erasure);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            leaves.AddRange(reader.GetFieldValue<byte[]>(0));
        return (HashTree.Root(leaves.ToArray()), leaves.Count / HashTree.Length);
    }
}
