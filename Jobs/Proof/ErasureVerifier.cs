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
    private const string All = "select id, removed::text, completed_at is not null from erasures order by requested_at, id";

    public static async Task VerifyAsync(
        NpgsqlConnection connection,
        VerificationReport report,
        IReadOnlyDictionary<Guid, Seal> seals,
        ChainBounds bounds,
        CancellationToken ct
    )
    {
        foreach (var (id, removed, isCompleted) in await ReadAsync(connection, ct))
        {
            if (!isCompleted)
                report.OpenErasures++;
            else if (!seals.TryGetValue(id, out var seal))
                report.Add(FaultKind.SealMissing, $"Erasure {id} is completed, and its seal was taken out.");
            else if (!ErasureSeal.HashOf(removed).AsSpan().SequenceEqual(seal.SnapshotHash))
                report.Add(FaultKind.AlteredErasure, $"The counts of erasure {id} were changed after it was sealed.");
            else
                await VerifyLeavesAsync(connection, report, seal, removed, bounds, ct);
        }
    }

    private static async Task VerifyLeavesAsync(
        NpgsqlConnection connection,
        VerificationReport report,
        Seal seal,
        string removed,
        ChainBounds bounds,
        CancellationToken ct
    )
    {
        var (root, leaves) = await ErasureSeal.RootAsync(connection, seal.RunId, ct);
        using var counts = JsonDocument.Parse(removed);
        var sealedLeaves = counts.RootElement.TryGetProperty(ErasureSeal.Leaves, out var count) ? count.GetInt32() : 0;
        // Those of months that retention has dropped are gone with their runs.
        if (leaves < sealedLeaves && bounds.KeptFrom is not null)
            return;
        if (!root.AsSpan().SequenceEqual(seal.Root))
            report.Add(
                FaultKind.AlteredErasure,
                $"Erasure {seal.RunId} was sealed with {sealedLeaves} leaves, and has {leaves}, or others: one was changed, taken out or put in."
            );
    }

    private static async Task<List<(Guid Id, string Removed, bool IsCompleted)>> ReadAsync(
        NpgsqlConnection connection,
        CancellationToken ct
    )
    {
        List<(Guid, string, bool)> erasures = [];
        await using var command = connection.Command(All);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            erasures.Add((reader.GetGuid(0), reader.GetString(1), reader.GetBoolean(2)));
        return erasures;
    }
}
