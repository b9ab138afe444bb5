using Npgsql;
using Overnight.Auditor;
using Overnight.Jobs.Proof;

namespace Overnight.Tests.Proof;

/// <summary>Changes of a night and of the horizon of retention, which are taken back at the end.</summary>
internal sealed class PlantedTransaction(ProofNight proof, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    : IAsyncDisposable
{
    public static async Task<PlantedTransaction> BeginAsync(ProofNight proof, CancellationToken ct)
    {
        var connection = await proof.Night.Database.OpenConnectionAsync(ct);
        return new(proof, connection, await connection.BeginTransactionAsync(ct), ct);
    }

    public Task ChangeAsync(string change) => ProofNight.ChangeAsync(connection, change, ct);

    public Task KeepFromAsync(DateOnly day) => ProofNight.KeepFromAsync(connection, day, ct);

    public async Task<VerificationReport> VerifyAsync() =>
        (await new ProofVerifier(connection, isInTransaction: true).VerifyAsync(null, null, ct))!;

    public Task<AuditReport> AuditAsync() => DatabaseAudit.RunAsync(connection, proof.Night.Database, new(TimeSpan.FromMinutes(5)), ct);

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}
