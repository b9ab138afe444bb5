using Microsoft.Extensions.DependencyInjection;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Erasures;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Harness;
using Overnight.Tests.Proof;

namespace Overnight.Tests.Erasures;

/// <summary>SPEC D5: an erasure beside a night, a warm, and other erasures.</summary>
public sealed class ErasureConcurrencyTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A worker has loaded the user when the account is removed: the erasure waits for it, and removes what it commits.</summary>
    [Fact]
    public async Task D5_UserOfABatchUnderWay_IsErasedAfterItsCommit()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var user = await night.Night.ScalarAsync<Guid>("select user_id from calculation_results order by 1 limit 1", Ct);
        var texts = await night.TextsOfAsync(user);
        var (run, _) = await night.Night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, again: true, Ct);
        await using var held = await HeldLock.TakeAsync(night.Night.Database, "lock table current_results in share row exclusive mode");
        var work = night.Night.Participant.WorkAsync(run, Ct);
        await held.WaiterAsync(work);
        List<string> passed = [];
        var erasure = night.Erasure(passed.Add);
        var id = (await erasure.RequestAsync(user, Actor.Command, Ct))!.Value;

        var erasing = erasure.GoOnAsync(id, Ct);
        await Eventually.TrueAsync(
            async () =>
                erasing.IsCompleted
                || await night.Night.ScalarAsync<long>(
                    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%for no key update%' and query like '%first_user and last_user%'",
                    Ct
                ) > 0,
            "the erasure waits for the batch"
        );
        Assert.Equal("plans committed", passed[^1]);
        await held.RollbackAsync();
        await work;

        Assert.NotNull((await erasing)!.CompletedAt);
        Assert.Empty(await night.FindAsync(texts));
        Assert.Empty((await night.Proof.VerifyAsync(Ct)).Faults);
        Assert.Empty((await night.AuditAsync()).Findings);
    }

    /// <summary>A run is planned, and nothing of it computed: the edges of its batches name users who are erased before it is.</summary>
    [Fact]
    public async Task D5_EdgesOfPlannedBatches_AreMovedAndABatchOfNobodyGoes()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var (run, _) = await night.Night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, again: true, Ct);
        Assert.True(await night.Night.Services.GetRequiredService<RunPlanner>().TryPlanAsync(run, Ct));
        const string batches = "select count(*) from run_batches where run_id = $1";
        var planned = await night.Night.ScalarAsync<long>(batches, Ct, run.Id);
        // The first of the first batch, the last of the next, and all of the last batch.
        var users = await night.Night.ScalarAsync<Guid[]>(
            """
            select array(select u.id from users u join run_batches b on b.run_id = $1 and u.id between b.first_user and b.last_user
                where b.number = 0 and u.id = b.first_user or b.number = 1 and u.id = b.last_user
                    or b.number = (select max(number) from run_batches where run_id = $1) order by u.id)
            """,
            Ct,
            run.Id
        );
        Assert.InRange(users.Length, 3, ProofNight.Users - 3);
        foreach (var user in users)
        {
            var texts = await night.TextsOfAsync(user);
            var erasure = night.Erasure();
            Assert.NotNull((await erasure.GoOnAsync((await erasure.RequestAsync(user, Actor.Command, Ct))!.Value, Ct))!.CompletedAt);
            Assert.Empty(await night.FindAsync(texts));
        }

        Assert.Equal(planned - 1, await night.Night.ScalarAsync<long>(batches, Ct, run.Id));
        await night.Night.Participant.WorkAsync((await night.Night.Runs.FindAsync(run.Id, Ct))!, Ct);
        var ended = (await night.Night.Runs.FindAsync(run.Id, Ct))!;
        Assert.Contains(ended.Status, (string[])["completed", "partial"]);
        Assert.Equal(
            ProofNight.Users - users.Length,
            await night.Night.ScalarAsync<int>("select users_processed + users_failed from overnight_job_runs where id = $1", Ct, run.Id)
        );
        Assert.Empty((await night.Proof.VerifyAsync(Ct)).Faults);
        Assert.Empty((await night.AuditAsync()).Findings);
    }

    /// <summary>A warm that has read the user's result writes it before the erasure removes it, and none does afterwards.</summary>
    [Fact]
    public async Task D5_EntryThatIsBeingWritten_IsRemovedAfterIt()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var user = await night.Night.ScalarAsync<Guid>("select user_id from calculation_results order by 1 limit 1", Ct);
        var texts = await night.TextsOfAsync(user);
        await using var connection = await night.Night.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        var (current, _) = await FencedResultWriter.LockAsync(transaction, [user], Ct);
        var erasure = night.Erasure();
        var id = (await erasure.RequestAsync(user, Actor.Command, Ct))!.Value;

        var erasing = erasure.GoOnAsync(id, Ct);
        await Eventually.TrueAsync(
            async () =>
                erasing.IsCompleted
                || await night.Night.ScalarAsync<long>(
                    "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and $1 = any (pg_blocking_pids(pid))",
                    Ct,
                    connection.ProcessID
                ) > 0,
            "the erasure waits for who writes the entry"
        );
        Assert.False(erasing.IsCompleted);
        await night.Night.Services.GetRequiredService<FencedResultWriter>().WriteAsync(transaction, current);

        Assert.NotNull((await erasing)!.CompletedAt);
        Assert.Empty(await night.FindAsync(texts));
    }

    /// <summary>The number of a leaf depends on who was erased before, and what a run says of failures on whose they are.</summary>
    [Theory]
    [InlineData("select from run_batches for no key update")]
    [InlineData("select from overnight_job_runs for no key update")]
    public async Task D5_Results_WaitForAnotherErasureAndForTheEndOfARun(string locks)
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        // Neither the first nor the last of a batch, of whom edges would be moved.
        var user = await night.Night.ScalarAsync<Guid>($"select {PlantedChanges.OneUser}", Ct);
        List<string> passed = [];
        var erasure = night.Erasure(passed.Add);
        var id = (await erasure.RequestAsync(user, Actor.Command, Ct))!.Value;
        await using var held = await HeldLock.TakeAsync(night.Night.Database, locks);

        var erasing = erasure.GoOnAsync(id, Ct);

        await held.WaiterAsync(erasing);
        Assert.Equal("current committed", passed[^1]);
        await held.RollbackAsync();
        Assert.NotNull((await erasing)!.CompletedAt);
    }

    /// <summary>The verification has read which leaves are erased, and comes to the events when the erasure is done.</summary>
    [Fact]
    public async Task D6_ErasureDuringAVerification_IsSeenWholeOrNotAtAll()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var user = await night.Night.ScalarAsync<Guid>($"select {PlantedChanges.OneUser}", Ct);
        var erasure = night.Erasure();
        await using var held = await HeldLock.TakeAsync(night.Night.Database, "lock table market_snapshots in access exclusive mode");
        var verification = night.Proof.VerifyAsync(Ct);
        await held.WaiterAsync(verification);

        var id = (await erasure.RequestAsync(user, Actor.Command, Ct))!.Value;
        Assert.NotNull((await erasure.GoOnAsync(id, Ct))!.CompletedAt);

        await held.RollbackAsync();
        Assert.Empty((await verification).Faults);
        Assert.Empty((await night.Proof.VerifyAsync(Ct)).Faults);
    }

    /// <summary>
    /// The first of a batch moves its edge to a neighbour who is erased at the same time: the neighbour's erasure waits for that, and moves
    /// it once more.
    /// </summary>
    [Fact]
    public async Task D5_NeighboursAtTheEdgeOfABatch_LeaveNeitherIdThere()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var users = await night.Night.ScalarAsync<Guid[]>(
            "select array(select user_id from calculation_results where batch = 0 order by 1 limit 2)",
            Ct
        );
        var texts = (await night.TextsOfAsync(users[0])).Concat(await night.TextsOfAsync(users[1])).ToList();
        TaskCompletionSource firstIsThere = new(TaskCreationOptions.RunContinuationsAsynchronously),
            secondHasRemoved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var secondIsThere = false;
        // The first reads its neighbour, whose results the second has removed and not committed yet.
        var first = night.Erasure(at =>
        {
            if (at == "results committed")
            {
                firstIsThere.SetResult();
                Block(secondHasRemoved.Task.WaitAsync(Ct));
            }
            else if (at == "edges")
                Wait(
                    async () => Volatile.Read(ref secondIsThere) || await WaitsAsync("%pg_advisory_xact_lock%"),
                    "the second is at the edges"
                );
        });
        var second = night.Erasure(at =>
        {
            if (at == "results")
            {
                secondHasRemoved.SetResult();
                Wait(() => WaitsAsync("%n.first is null or n.last is null%"), "the first waits for the batch");
            }
            else if (at == "edges committed")
                Volatile.Write(ref secondIsThere, true);
        });
        var (one, two) = (
            (await first.RequestAsync(users[0], Actor.Command, Ct))!.Value,
            (await second.RequestAsync(users[1], Actor.Command, Ct))!.Value
        );

        var erasing = Task.Run(() => first.GoOnAsync(one, Ct), Ct);
        await firstIsThere.Task.WaitAsync(Ct);
        await Task.Run(() => second.GoOnAsync(two, Ct), Ct);
        await erasing;

        Assert.Empty(await night.FindAsync(texts));
        Assert.Empty((await night.Proof.VerifyAsync(Ct)).Faults);

        void Wait(Func<Task<bool>> condition, string what) => Block(Eventually.TrueAsync(condition, what));

        async Task<bool> WaitsAsync(string query) =>
            await night.Night.ScalarAsync<long>(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like $1",
                Ct,
                query
            ) > 0;
    }

    /// <summary>The command and the loop of a jobs process may take up the same erasure.</summary>
    [Fact]
    public async Task D5_TwoProcessesAtOnce_EraseOnce()
    {
        await using var night = await ErasureNight.CreateAsync(servers);
        var user = await night.Night.ScalarAsync<Guid>($"select {PlantedChanges.OneUser}", Ct);
        var id = (await night.Erasure().RequestAsync(user, Actor.Command, Ct))!.Value;
        await using var held = await HeldLock.TakeAsync(night.Night.Database, "select from overnight_job_runs for no key update");
        Task<ErasureStatus?>[] erasing = [night.Erasure().GoOnAsync(id, Ct), night.Erasure().GoOnAsync(id, Ct)];
        await Eventually.TrueAsync(
            async () =>
                erasing.Any(one => one.IsCompleted)
                || await night.Night.ScalarAsync<long>(
                    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'select 1 from overnight_job_runs%'",
                    Ct
                ) == 2,
            "both wait for the run"
        );
        await held.RollbackAsync();

        Assert.All(await Task.WhenAll(erasing), receipt => Assert.NotNull(receipt!.CompletedAt));
        Assert.Equal(2, await night.Night.ScalarAsync<long>("select count(*) from erased_leaves", Ct));
        Assert.Empty((await night.Proof.VerifyAsync(Ct)).Faults);
        Assert.Empty((await night.AuditAsync()).Findings);
    }

    [Fact]
    public async Task D5_AdministratorWhoIsErasedAtTheSameTime_DoesNotCountAsAnother()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var users = await night.Night.ScalarAsync<Guid[]>("select array(select id from users order by id limit 2)", Ct);
        await night.Night.ExecuteAsync("update users set role = 'admin', tenant_id = null where id = any ($1)", Ct, users);
        await using var held = await HeldLock.TakeAsync(
            night.Night.Database,
            "update users set deleted_at = now() where id = $1",
            users[0]
        );

        var refused = night.Erasure().RequestAsync(users[1], Actor.Command, Ct);

        await held.WaiterAsync(refused);
        await held.CommitAsync();
        await Assert.ThrowsAsync<RequestException>(() => refused);
    }

    /// <summary>A checkpoint holds up the erasure that passes it, so it blocks its thread.</summary>
    private static void Block(Task task) => task.GetAwaiter().GetResult();
}
