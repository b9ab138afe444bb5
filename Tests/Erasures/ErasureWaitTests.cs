using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Jobs.Erasures;
using Overnight.Jobs.Rehearsals;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Erasures;

/// <summary>SPEC D5: what an erasure waits for, and how it goes on.</summary>
public sealed class ErasureWaitTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D5_ProcessWithoutAConnectionToTheCache_LeavesTheErasureToOneThatHasIt()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var users = await night.Night.ScalarAsync<Guid[]>("select array(select user_id from calculation_results order by 1 limit 3)", Ct);
        var texts = await night.TextsOfAsync(users[0]);
        await using var without = PipelineFixture.Over(night.Night.DatabaseConnection, "", 50);

        // An installation in which no process has ever had a cache.
        Assert.Equal(0, await NotesAsync(night));
        Assert.NotNull((await EraseAsync(night.Erasure(over: without), users[2]))!.CompletedAt);

        // Any process with a connection, such as a command, shows that there is one; a process without shows nothing.
        await without.Services.GetRequiredService<CacheLastSeen>().NoteAsync(Ct);
        Assert.Equal(0, await NotesAsync(night));
        Assert.Equal(0, (await CommandAsync(night.Night.CacheConnection, "--resume")).ExitCode);
        Assert.Equal(1, await NotesAsync(night));
        var command = await CommandAsync(null, $"{users[0]}");
        Assert.Equal((2, ""), (command.ExitCode, command.Error));
        Assert.Contains("waits for the cache, which does not answer or which this process", command.Output, StringComparison.Ordinal);
        var id = Assert.Single(await night.Erasure().FindOpenAsync(Ct));
        Assert.Equal("cache", (await night.Erasure(over: without).GoOnAsync(id, Ct))!.WaitsFor);
        Assert.Contains(await night.FindAsync(texts), where => where.Contains("recs:", StringComparison.Ordinal));

        var completed = (await night.Erasure().GoOnAsync(id, Ct))!;
        Assert.Equal((true, null), (completed.CompletedAt is not null, completed.WaitsFor));
        Assert.Empty(await night.FindAsync(texts));

        // A cache that was taken away: after two days its entries have expired.
        await night.Night.ExecuteAsync("update cache_presence set seen_at = seen_at - interval '47 hours'", Ct);
        var last = (await EraseAsync(night.Erasure(over: without), users[1]))!;
        Assert.Null(last.CompletedAt);
        await night.Night.ExecuteAsync("update cache_presence set seen_at = seen_at - interval '1 hour'", Ct);
        Assert.NotNull((await night.Erasure(over: without).GoOnAsync(last.Id, Ct))!.CompletedAt);

        Task<JobsCommand> CommandAsync(string? cache, string argument) =>
            JobsCommand.RunAsync(servers, night.Night.DatabaseConnection, ["erase", argument], cache, null, Ct);
    }

    [Fact]
    public async Task D5_NodeOfTheApi_ShowsThatThereIsACache()
    {
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));

        // Starts it.
        using var alive = await app.GetAsync("/alive", null, Ct);

        await Eventually.TrueAsync(
            async () => await app.Database.ScalarAsync<long>("select count(*) from cache_presence") == 1,
            "the node notes that there is a cache"
        );
    }

    [Fact]
    public async Task D5_SchemasOfRehearsals_AreDroppedWhenTheyAreLeftOver_AndWaitedForWhileInUse()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var user = await night.Night.ScalarAsync<Guid>("select user_id from calculation_results order by 1 limit 1", Ct);
        var texts = await night.TextsOfAsync(user);
        // As a rehearsal leaves it that was killed.
        await night.Night.ExecuteAsync(
            "create schema rehearsal_left; create table rehearsal_left.calculation_results as select * from public.calculation_results",
            Ct
        );
        Guid id;
        await using (var running = await RehearsalSchema.CreateAsync(night.Night.DatabaseConnection, ["NYSE"], Ct))
        {
            await night.Night.ExecuteAsync($"insert into {running.Name}.calculation_results select * from calculation_results", Ct);

            var waiting = (await EraseAsync(night.Erasure(), user))!;

            id = waiting.Id;
            Assert.Equal((null, "rehearsal"), (waiting.CompletedAt, waiting.WaitsFor));
            Assert.All((await night.FindAsync(texts)).Where(where => !where.EndsWith(" in erasures", StringComparison.Ordinal)), where =>
                Assert.Contains($"{running.Name}.", where, StringComparison.Ordinal)
            );
        }

        Assert.NotNull((await night.Erasure().GoOnAsync(id, Ct))!.CompletedAt);
        Assert.Empty(await night.FindAsync(texts));
    }

    [Fact]
    public async Task D5_CacheAway_StepsThatAreDoneAreNotRepeated_AndPausesGrow()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var user = await night.Night.ScalarAsync<Guid>("select user_id from calculation_results order by 1 limit 1", Ct);
        await using var away = PipelineFixture.Over(night.Night.DatabaseConnection, "127.0.0.1:1,connectTimeout=100", 50);
        List<string> passed = [];
        var erasure = night.Erasure(passed.Add, over: away);
        await erasure.RequestAsync(user, Actor.Command, Ct);
        TestClock time = new();
        using ErasureLoop loop = new(
            erasure,
            new DatabaseState(NullLogger<DatabaseState>.Instance),
            time,
            NullLogger<ErasureLoop>.Instance
        );

        List<int> tries = [];
        for (var second = 0; second <= 200; second += 5)
        {
            var before = passed.Count(step => step == "cache");
            await loop.TickAsync(Ct);
            if (passed.Count(step => step == "cache") > before)
                tries.Add(second);
            time.Advance(ErasureLoop.Interval);
        }

        Assert.Equal([0, 5, 15, 35, 75, 135, 195], tries);
        foreach (var step in (string[])["account", "plans", "batches", "current", "results", "edges"])
            Assert.Single(passed, step);
        Assert.DoesNotContain("completed", passed);
    }

    private static Task<long> NotesAsync(ErasureNight night) => night.Night.ScalarAsync<long>("select count(*) from cache_presence", Ct);

    private static async Task<Core.Erasures.ErasureStatus?> EraseAsync(UserErasure erasure, Guid user) =>
        await erasure.GoOnAsync((await erasure.RequestAsync(user, Actor.Command, Ct))!.Value, Ct);
}
