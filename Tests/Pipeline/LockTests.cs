using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using Overnight.Jobs.Scheduling;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pipeline;

/// <summary>
/// SPEC A4: a lock that somebody holds costs the tries that wait for it, and neither stands for an outage nor keeps other runs waiting.
/// </summary>
public sealed class LockTests(TestServers servers)
{
    private const string Share = "select count(*) from (select from current_results for share) locked";
    private static readonly DateTimeOffset Friday = new(2026, 11, 20, 13, 0, 0, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>As a cache writer holds it whose host froze between its lock and its commit.</summary>
    [Fact]
    public async Task A4_ShareLockOfAFrozenCacheWriter_IsEndedAndTheNightGoesOn()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 60, Ct);
        await night.RunAsync(Ct);
        await using var frozen = NpgsqlDataSource.Create(
            DatabaseConnection.Complete($"{night.DatabaseConnection};Options=-c idle_in_transaction_session_timeout=1s")!
        );
        await using var connection = await frozen.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await ExecuteAsync(connection, Share);

        var run = await night.RunAsync(Ct, again: true);

        Assert.Equal("completed", run.Status);
        await night.AssertExactlyOnceAsync(run.Id, 60, 0, Ct);
    }

    /// <summary>By a lock time-out of the server, or by the driver's when the server has none.</summary>
    [Theory]
    [InlineData("Options=-c lock_timeout=100ms", "lock timeout")]
    [InlineData("Options=-c lock_timeout=0;Command Timeout=1;Cancellation Timeout=1000", "Exception while reading from stream")]
    public async Task A4_LockThatStays_IsAFailedTryAndNoOutage(string limits, string words)
    {
        TestClock clock = new(Friday);
        await using var seeded = await PipelineFixture.CreateAsync(servers, 20, Ct, time: clock);
        await seeded.RunAsync(Ct);
        await using var connection = await seeded.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await ExecuteAsync(connection, Share);
        await using var night = PipelineFixture.Over($"{seeded.DatabaseConnection};{limits}", seeded.CacheConnection, 50, null, clock);
        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, true, Ct);

        var work = night.Participant.WorkAsync(run, Ct);
        await TurnUntilAsync(clock, work);

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => work);
        Assert.Equal("failed", (await night.Runs.FindAsync(run.Id, Ct))!.Status);
        var details = await night.ScalarAsync<string>("select error_details::text from overnight_job_runs where id = $1", Ct, run.Id);
        Assert.Contains("\"batch\"", details, StringComparison.Ordinal);
        Assert.Contains(words, details, StringComparison.Ordinal);
    }

    /// <summary>The oldest can neither go on nor be told as failed, its row being locked: the other one is done all the same.</summary>
    [Fact]
    public async Task A4_UnfinishedRuns_TakeTurns()
    {
        TestClock clock = new(Friday);
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct, time: clock);
        var (oldest, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, Ct);
        clock.Advance(TimeSpan.FromMinutes(1));
        var (other, _) = await night.Runs.StartOrJoinAsync("NYSE", new(2026, 11, 23), RunTrigger.Manual, false, Ct);
        await using var connection = await night.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await ExecuteAsync(connection, $"select id from overnight_job_runs where id = '{oldest.Id}' for update");
        var loop = Loop(night);

        var once = loop.RunOnceAsync(Ct);
        await TurnUntilAsync(clock, once);
        await once;

        Assert.Equal("completed", (await night.Runs.FindAsync(other.Id, Ct))!.Status);
        Assert.Equal("started", (await night.Runs.FindAsync(oldest.Id, Ct))!.Status);
        await transaction.RollbackAsync(Ct);
        await loop.RunOnceAsync(Ct);
        Assert.Equal("completed", (await night.Runs.FindAsync(oldest.Id, Ct))!.Status);
    }

    /// <summary>The step of the oldest fails for good, and so does telling it: the next run has its turn.</summary>
    [Fact]
    public async Task A4_RunThatCanNotGoOn_IsLeftToItsNextTurn()
    {
        TestClock clock = new(Friday);
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct, time: clock);
        var (oldest, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, Ct);
        clock.Advance(TimeSpan.FromMinutes(1));
        var (other, _) = await night.Runs.StartOrJoinAsync("NYSE", new(2026, 11, 23), RunTrigger.Manual, false, Ct);
        await night.ExecuteAsync(
            $"""
            create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$;
            create trigger refuse before update on overnight_job_runs for each row when (new.id = '{oldest.Id}') execute function refuse()
            """,
            Ct
        );
        var loop = Loop(night);

        var once = loop.RunOnceAsync(Ct);
        await TurnUntilAsync(clock, once);
        await once;

        Assert.Equal("completed", (await night.Runs.FindAsync(other.Id, Ct))!.Status);
        Assert.Equal("started", (await night.Runs.FindAsync(oldest.Id, Ct))!.Status);
    }

    /// <summary>A cache writer that can't lock a user's row leaves the batch to later, and the batches behind it are cached.</summary>
    [Fact]
    public async Task A4_LockedRow_KeepsNoOtherBatchFromTheCache()
    {
        await using var seeded = await PipelineFixture.CreateAsync(servers, 40, Ct, batchSize: 10);
        var run = await seeded.RunAsync(Ct);
        await seeded.ExecuteAsync("update run_batches set cached_at = null", Ct);
        await using var connection = await seeded.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await ExecuteAsync(connection, "select from current_results order by user_id limit 1 for update");
        await using var night = PipelineFixture.Over(
            $"{seeded.DatabaseConnection};Options=-c lock_timeout=100ms",
            seeded.CacheConnection,
            10
        );

        Assert.Equal(30, await night.Participant.CacheRestAsync(run.Id, Ct));
        await transaction.RollbackAsync(Ct);
        Assert.Equal(10, await night.Participant.CacheRestAsync(run.Id, Ct));
    }

    private static RunLoop Loop(PipelineFixture night) =>
        ActivatorUtilities.CreateInstance<RunLoop>(
            night.Services,
            ActivatorUtilities.CreateInstance<FirstRun>(night.Services),
            ActivatorUtilities.CreateInstance<DueRunStarter>(night.Services)
        );

    private static Task TurnUntilAsync(TestClock clock, Task work) =>
        Eventually.TrueAsync(
            () =>
            {
                if (!work.IsCompleted)
                    clock.Advance(TimeSpan.FromSeconds(1));
                return work.IsCompleted;
            },
            "the night ends"
        );

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
