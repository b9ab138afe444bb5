using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Runs;
using Overnight.Jobs.Proof;
using Overnight.Jobs.Retention;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Proof;

/// <summary>Nights of some users, two of whom fail, with changes that are tried in a transaction and taken back.</summary>
internal sealed class ProofNight : IAsyncDisposable
{
    public const int Users = 24;

    private ProofNight(PipelineFixture night) => Night = night;

    public PipelineFixture Night { get; }
    public List<PipelineRun> Runs { get; } = [];

    /// <param name="runs">Revisions of the night, one after another.</param>
    /// <param name="time">The system's clock when left out.</param>
    public static async Task<ProofNight> CreateAsync(TestServers servers, CancellationToken ct, int runs = 1, TimeProvider? time = null)
    {
        ProofNight proof = new(await PipelineFixture.CreateAsync(servers, Users, ct, batchSize: 7, time: time));
        foreach (var number in (int[])[4, 20])
            await proof.Night.ExecuteAsync(
                "update portfolios set criteria_version = null where user_id = (select user_id from portfolios order by 1 offset $1 limit 1)",
                ct,
                number
            );
        for (var n = 0; n < runs; n++)
            proof.Runs.Add(await proof.Night.RunAsync(ct, again: n > 0));
        return proof;
    }

    /// <summary>Nights that are old enough for retention to drop them.</summary>
    public static Task<ProofNight> CreateOldAsync(TestServers servers, CancellationToken ct, int runs = 1) =>
        CreateAsync(servers, ct, runs, new TestClock(TimeProvider.System.GetUtcNow().AddMonths(-3)));

    /// <summary>Says, as retention does, from which day on history is kept.</summary>
    public static async Task KeepFromAsync(NpgsqlConnection connection, DateOnly day, CancellationToken ct)
    {
        await ChangeAsync(connection, "update kept_history set kept_from = $1", ct, day);
        await RetentionSeal.AppendAsync(connection, day, TimeProvider.System.GetUtcNow(), ct);
    }

    public async Task<VerificationReport> VerifyAsync(CancellationToken ct, Guid? run = null)
    {
        await using var connection = await Night.Database.OpenConnectionAsync(ct);
        return (await new ProofVerifier(connection).VerifyAsync(run, null, ct))!;
    }

    /// <summary>What is found while a change is in force; afterwards everything is as before.</summary>
    /// <param name="change">SQL, with triggers switched off; returns how many rows it changed, which must be one or more.</param>
    public async Task<VerificationReport> VerifyWithAsync(string change, CancellationToken ct, params object[] values)
    {
        await using var connection = await Night.Database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ChangeAsync(connection, change, ct, values);
        return (await new ProofVerifier(connection, isInTransaction: true).VerifyAsync(null, null, ct))!;
    }

    /// <returns>How many rows were changed; at least one.</returns>
    public static async Task<int> ChangeAsync(NpgsqlConnection connection, string change, CancellationToken ct, params object[] values)
    {
        await using (
            var open = connection.Command(
                "alter table seals disable trigger user; alter table market_snapshots disable trigger user; alter table criteria_versions disable trigger user"
            )
        )
            await open.ExecuteNonQueryAsync(ct);
        await using var command = connection.Command(change, values);
        var changed = await command.ExecuteNonQueryAsync(ct);
        Assert.InRange(changed, 1, int.MaxValue);
        return changed;
    }

    public ValueTask DisposeAsync() => Night.DisposeAsync();
}
