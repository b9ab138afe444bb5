using System.Text.Json;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Proof;
using Overnight.Jobs.Erasures;

namespace Overnight.Jobs.Proof;

/// <summary>
/// Checks erasures against their seals, so that nobody can take a calculation out and say that it was erased.
/// </summary>
internal static class ErasureVerifier
{
    private const string All = "select id, removed::text, completed_at is not null, seal from erasures order by requested_at, id";

    private sealed record StoredErasure(Guid Id, string Removed, bool IsCompleted, long? Seal);

    public static async Task VerifyAsync(
        NpgsqlConnection connection,
        VerificationReport report,
        IReadOnlyDictionary<Guid, Seal> seals,
        CancellationToken ct
    )
    {
        foreach (var erasure in await ReadAsync(connection, ct))
        {
            if (!erasure.IsCompleted)
                report.OpenErasures++;
            // What has removed no result yet has no seal, and no leaf.
            if (erasure is { IsCompleted: false, Seal: null })
                continue;
            if (!seals.TryGetValue(erasure.Id, out var seal) || seal.Market != SealChain.Erasure)
                report.Add(FaultKind.SealMissing, $"Erasure {erasure.Id} has removed results, and its seal was taken out.");
            else if (erasure.Seal != seal.Sequence)
                report.Add(
                    FaultKind.AlteredErasure,
                    $"Erasure {erasure.Id} is seal {seal.Sequence} of the chain, and says that it is {erasure.Seal}."
                );
            else if (!ErasureSeal.HashOf(erasure.Removed).AsSpan().SequenceEqual(seal.SnapshotHash))
                report.Add(FaultKind.AlteredErasure, $"The counts of erasure {erasure.Id} were changed after it was sealed.");
            else
                await VerifyLeavesAsync(connection, report, seal, erasure.Removed, ct);
        }
    }

    private static async Task VerifyLeavesAsync(
        NpgsqlConnection connection,
        VerificationReport report,
        Seal seal,
        string removed,
        CancellationToken ct
    )
    {
        var (root, leaves) = await ErasureSeal.RootAsync(connection, seal.RunId, ct);
        using var counts = JsonDocument.Parse(removed);
        var sealedLeaves = counts.RootElement.TryGetProperty(ErasureSeal.Leaves, out var count) ? count.GetInt32() : 0;
        if (!root.AsSpan().SequenceEqual(seal.Root))
            report.Add(
                FaultKind.AlteredErasure,
                $"Erasure {seal.RunId} was sealed with {sealedLeaves} leaves, and has {leaves}, or others: one was changed, taken out or put in."
            );
    }

    private static async Task<List<StoredErasure>> ReadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        List<StoredErasure> erasures = [];
        await using var command = connection.Command(All);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            erasures.Add(
                new(
                    reader.GetGuid(0),
                    reader.GetString(1),
                    reader.GetBoolean(2),
                    await reader.IsDBNullAsync(3, ct) ? null : reader.GetInt64(3)
                )
            );
        return erasures;
    }
}
