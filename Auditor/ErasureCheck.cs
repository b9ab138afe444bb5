using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Overnight.Auditor;

/// <summary>
/// An erasure that has removed results has a seal, of its counts and of the leaves that it keeps, and those are leaves of their batches:
/// nobody can take a calculation out and say that it was erased.
/// </summary>
internal static class ErasureCheck
{
    private const string Erasures = """
        select e.id, e.removed::text, e.seal,
            array(select l.hash from erased_leaves l where l.erasure_id = e.id and l.hash is not null order by l.run_id, l.batch, l.leaf)
        from erasures e where e.completed_at is not null or e.seal is not null order by e.id
        """;

    private const string Leaves = """
        select l.run_id, l.batch, l.leaf, s.seq is null, l.erasure_id
        from erased_leaves l left join seals s on s.run_id = l.erasure_id and s.market = 'ERASURE'
        left join run_batches b on b.run_id = l.run_id and b.number = l.batch
        where s.seq is null or b.run_id is not null and l.hash is distinct from substr(b.leaves, l.leaf * 32 + 1, 32)
        order by 1, 2, 3 limit 1000
        """;

    public static async Task RunAsync(
        NpgsqlConnection connection,
        Dictionary<Guid, AuditedSeal> seals,
        AuditReport report,
        CancellationToken ct
    )
    {
        await using (var command = connection.Command(Erasures))
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                var (id, leaves) = (reader.GetGuid(0), reader.GetFieldValue<byte[][]>(3));
                if (!seals.TryGetValue(id, out var seal))
                    report.Add(FindingName.RemovedSeal, $"erasure {id} has removed results and has no seal.");
                else if (
                    reader.GetValue(2) is not long number
                    || number != seal.Number
                    || !Hashes.Same(SHA256.HashData(Encoding.UTF8.GetBytes(reader.GetString(1))), seal.SnapshotHash)
                    || !Hashes.Same(Hashes.Root(leaves), seal.Root)
                )
                    report.Add(
                        FindingName.AlteredErasure,
                        $"the number, counts or leaves of erasure {id} are not those of seal {seal.Number}."
                    );
            }
        }
        await LeavesAsync(connection, report, ct);
    }

    private static async Task LeavesAsync(NpgsqlConnection connection, AuditReport report, CancellationToken ct)
    {
        await using var command = connection.Command(Leaves);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var isUnsealed = reader.GetBoolean(3);
            report.Add(
                isUnsealed ? FindingName.UnsealedErasure : FindingName.AlteredErasure,
                $"leaf {reader.GetInt32(2)} of batch {reader.GetInt32(1)} of run {reader.GetGuid(0)} is kept by erasure {reader.GetGuid(4)}, "
                    + (isUnsealed ? "of which the chain has no seal." : "and is not the one that the batch has.")
            );
        }
    }
}
