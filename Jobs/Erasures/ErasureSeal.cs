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

    private const string Counts = "select removed::text from erasures where id = $1 and seal is null";

    private const string Number = "update erasures set seal = $2 where id = $1";

    /// <summary>Seals an erasure that has no seal yet.</summary>
    public static async Task AppendAsync(NpgsqlConnection connection, Guid erasure, DateTimeOffset now, CancellationToken ct)
    {
        // Another process may be at the same erasure, and seal it first.
        await SealChain.LockAsync(connection, ct);
        if (await RemovedAsync(connection, erasure, ct) is not { } removed)
            return;
        var (root, _) = await RootAsync(connection, erasure, ct);
        var seal = await SealChain.AppendAsync(
            connection,
            erasure,
            SealChain.Erasure,
            DateOnly.FromDateTime(now.UtcDateTime),
            0,
            root,
            HashOf(removed),
            now,
            ct
        );
        await ErasureSteps.ExecuteAsync(connection, Number, ct, erasure, seal.Sequence);
    }

    /// <param name="removed">The counts as PostgreSQL writes them.</param>
    public static byte[] HashOf(string removed) => SHA256.HashData(Encoding.UTF8.GetBytes(removed));

    private static async Task<string?> RemovedAsync(NpgsqlConnection connection, Guid erasure, CancellationToken ct)
    {
        await using var counts = connection.Command(Counts, erasure);
        return await counts.ExecuteScalarAsync(ct) as string;
    }

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
