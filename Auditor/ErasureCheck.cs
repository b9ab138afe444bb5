using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Overnight.Auditor;

/// <summary>
/// A completed erasure has a seal, of its counts and of the leaves that it keeps, and those are leaves of their batches: nobody can take a
/// calculation out and say that it was erased.
/// </summary>
internal static class ErasureCheck
{
    private const string Erasures = """
        select e.id, e.removed::text, coalesce((e.removed->>'leaves')::bigint, 0), k.kept_from is not null,
            array(select l.hash from erased_leaves l where l.erasure_id = e.id and l.hash is not null order by l.run_id, l.batch, l.leaf)
        from erasures e cross join kept_history k where e.completed_at is not null order by e.id
        """;

    private const string Foreign = """
        select e.run_id, e.batch, e.leaf from erased_leaves e left join run_batches b on b.run_id = e.run_id and b.number = e.batch
        where e.hash is distinct from substr(b.leaves, e.leaf * 32 + 1, 32) order by 1, 2, 3 limit 1000
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
                var (id, leaves) = (reader.GetGuid(0), reader.GetFieldValue<byte[][]>(4));
                if (!seals.TryGetValue(id, out var seal))
                    report.Add(FindingName.RemovedSeal, $"erasure {id} is completed and has no seal.");
                else if (
                    !Hashes.Same(SHA256.HashData(Encoding.UTF8.GetBytes(reader.GetString(1))), seal.SnapshotHash)
                    // Leaves go with runs that retention drops.
                    || !(reader.GetBoolean(3) && leaves.Length < reader.GetInt64(2)) && !Hashes.Same(Hashes.Root(leaves), seal.Root)
                )
                    report.Add(FindingName.AlteredErasure, $"the counts or leaves of erasure {id} are not those of seal {seal.Number}.");
            }
        }
        await using var foreign = connection.Command(Foreign);
        await using var places = await foreign.ExecuteReaderAsync(ct);
        while (await places.ReadAsync(ct))
            report.Add(
                FindingName.AlteredErasure,
                $"leaf {places.GetInt32(2)} of batch {places.GetInt32(1)} of run {places.GetGuid(0)} is not the one that an erasure has kept."
            );
    }
}
