using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;

namespace Overnight.Tests.Caching;

/// <summary>SPEC B5: get, set, invalidate, invalidate all, exists, remaining TTL.</summary>
public sealed class ResultCacheTests(ApiFixture fixture, TestServers servers) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private ResultCache Results => _app.Get<ResultCache>();

    [Fact]
    public async Task Look_B5_BeforeAndAfterASet_TellsWhetherItIsThereAndHowLong()
    {
        var user = Guid.CreateVersion7();
        Assert.Equal(new EntryState(false, null), await Results.LookAsync(user));
        Assert.Null(await Results.GetAsync(user));

        Assert.True(await Results.SetAsync(user, TestResults.Entry(user), TestResults.Portfolio(user)));

        var state = (await Results.LookAsync(user))!.Value;
        Assert.True(state.Exists);
        Assert.InRange(state.Remaining!.Value, TimeSpan.FromSeconds(86_300), TimeSpan.FromSeconds(86_400));
        Assert.Equal(TestResults.Entry(user), await Results.GetAsync(user));
        Assert.True(await Results.InvalidateAsync(user));
        Assert.Equal(new EntryState(false, null), await Results.LookAsync(user));
    }

    [Fact]
    public async Task InvalidateAll_B5_OfSomePages_ForgetsEveryUserOnEveryNodeAndNothingElse()
    {
        var cache = await servers.StartCacheAsync(Ct);
        await using ApiApp app = new(
            await servers.CreateDatabaseAsync(Ct),
            cache.ConnectionString,
            settings: new Dictionary<string, string> { ["Cache:MemoryTtl"] = "00:05:00", ["Cache:BeatInterval"] = "00:00:00.2" }
        );
        await app.Database.ExecuteAsync(
            "insert into users (id, email, display_name, base_currency) select gen_random_uuid(), i || '@test.example', 'Test user', 'USD' from generate_series(1, 1201) i"
        );
        List<Guid> users = [];
        await using (var command = app.Database.CreateCommand("select id from users"))
        await using (var reader = await command.ExecuteReaderAsync(Ct))
        {
            while (await reader.ReadAsync(Ct))
                users.Add(reader.GetGuid(0));
        }
        foreach (var user in users)
            Assert.True(await app.Get<ResultCache>().SetAsync(user, TestResults.Entry(user), TestResults.Portfolio(user)));
        await app.Cache.StringSetAsync("somebody:elses", "value", TimeSpan.FromMinutes(5));
        // One of them in a node's memory.
        await Eventually.TrueAsync(() => app.Get<MemoryResults>().IsEnabled, "the node hears itself");
        await Eventually.TrueAsync(
            async () => await app.Get<ResultCache>().GetAsync(users[600]) is not null && app.Get<MemoryResults>().TryGet(users[600], out _),
            "it is in memory"
        );

        Assert.Equal((2_402, true), await app.Get<ResultInvalidation>().AllAsync(Ct));

        foreach (var user in users)
            Assert.False(
                await app.Cache.KeyExistsAsync(CacheKeys.Recommendations(user)) || await app.Cache.KeyExistsAsync(CacheKeys.Portfolio(user))
            );
        Assert.True(await app.Cache.KeyExistsAsync("somebody:elses"));
        await Eventually.TrueAsync(async () => await app.Get<ResultCache>().GetAsync(users[600]) is null, "memory has forgotten it, too");
    }

    [Fact]
    public async Task InvalidateAll_WithTheCacheAway_SaysThatItIsNotDone()
    {
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), "127.0.0.1:1,connectTimeout=200");
        await app.Database.AddUserAsync();

        Assert.Equal((0, false), await app.Get<ResultInvalidation>().AllAsync(Ct));
        Assert.Null(await app.Get<ResultCache>().LookAsync(Guid.CreateVersion7()));
    }

    [Fact]
    public async Task Commands_ShowAndInvalidate_OneUserOrAll()
    {
        var cache = await servers.CacheConnectionStringAsync(Ct);
        var user = await _app.Database.AddUserAsync();
        await Results.SetAsync(user, TestResults.Entry(user), TestResults.Portfolio(user));
        Task<JobsCommand> RunAsync(params string[] arguments) =>
            JobsCommand.RunAsync(servers, fixture.DatabaseConnection, ["cache", .. arguments], cache, null, Ct);

        var shown = await RunAsync("show", $"{user:N}@TEST.example");
        var forgotten = await RunAsync("invalidate", $"{user}");
        var gone = await RunAsync("show", $"{user}");

        Assert.Equal((0, 0, 1), (shown.ExitCode, forgotten.ExitCode, gone.ExitCode));
        Assert.Contains($"recs:{user}: 23:59:", shown.Output);
        Assert.Contains("whole", shown.Output);
        Assert.Contains("is not in the cache", gone.Output);
        await Results.SetAsync(user, TestResults.Entry(user), TestResults.Portfolio(user));
        Assert.Contains("2 entries are forgotten.", (await RunAsync("invalidate", "--all")).Output);
        Assert.Equal(2, (await RunAsync("invalidate")).ExitCode);
        Assert.Equal(2, (await RunAsync("invalidate", $"{user}", "--all")).ExitCode);
        Assert.Contains("There is no user 'nobody'", (await RunAsync("show", "nobody")).Error);
    }
}
