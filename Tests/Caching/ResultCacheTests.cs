using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;

namespace Overnight.Tests.Caching;

/// <summary>SPEC B5: get, set, invalidate, invalidate all, exists, remaining TTL.</summary>
public sealed class ResultCacheTests(ApiFixture fixture, TestServers servers) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Look_B5_BeforeAndAfterASet_TellsWhetherItIsThereAndHowLong()
    {
        var user = Guid.CreateVersion7();
        Assert.Equal(new EntryState(false, null), await LookAsync());
        Assert.Null(await _app.ResultAsync(user));

        await _app.SetResultAsync(user);

        var state = (await LookAsync())!.Value;
        Assert.True(state.Exists);
        Assert.InRange(state.Remaining!.Value, TimeSpan.FromSeconds(86_300), TimeSpan.FromSeconds(86_400));
        Assert.Equal(TestResults.Entry(user), await _app.ResultAsync(user));
        Assert.Equal(2, await _app.Get<ResultInvalidation>().OneAsync(user));
        Assert.Equal(new EntryState(false, null), await LookAsync());

        ValueTask<EntryState?> LookAsync() => _app.Get<CacheStore>().LookAsync(CacheKeys.Recommendations(user));
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
            await app.SetResultAsync(user);
        await app.Cache.StringSetAsync("somebody:elses", "value", TimeSpan.FromMinutes(5));
        // One of them in a node's memory.
        await Eventually.TrueAsync(
            async () => await app.ResultAsync(users[600]) is not null && app.Get<ResultReader>().Entries.TryGetMemory(users[600], out _),
            "it is in memory"
        );

        Assert.Equal((2_402, true), await app.Get<ResultInvalidation>().AllAsync(Ct));

        foreach (var user in users)
            Assert.False(
                await app.Cache.KeyExistsAsync(CacheKeys.Recommendations(user)) || await app.Cache.KeyExistsAsync(CacheKeys.Portfolio(user))
            );
        Assert.True(await app.Cache.KeyExistsAsync("somebody:elses"));
        await Eventually.TrueAsync(async () => await app.ResultAsync(users[600]) is null, "memory has forgotten it, too");
    }

    [Fact]
    public async Task InvalidateAll_WithTheCacheAway_SaysThatItIsNotDone()
    {
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), "127.0.0.1:1,connectTimeout=200");
        await app.Database.AddUserAsync();

        Assert.Equal((0, false), await app.Get<ResultInvalidation>().AllAsync(Ct));
        Assert.Null(await app.Get<CacheStore>().LookAsync(CacheKeys.Recommendations(Guid.CreateVersion7())));
    }

    [Fact]
    public async Task Commands_ShowAndInvalidate_OneUserOrAll()
    {
        var cache = await servers.CacheConnectionStringAsync(Ct);
        var user = await _app.Database.AddUserAsync();
        await _app.SetResultAsync(user);
        Task<JobsCommand> RunAsync(params string[] arguments) =>
            JobsCommand.RunAsync(servers, fixture.DatabaseConnection, ["cache", .. arguments], cache, null, Ct);

        var shown = await RunAsync("show", $"{user:N}@TEST.example");
        var forgotten = await RunAsync("invalidate", $"{user}");
        var gone = await RunAsync("show", $"{user}");

        Assert.Equal((0, 0, 3), (shown.ExitCode, forgotten.ExitCode, gone.ExitCode));
        Assert.Contains($"recs:{user}: 23:59:", shown.Output);
        Assert.Contains("whole", shown.Output);
        Assert.Contains("is not in the cache", gone.Output);
        await _app.SetResultAsync(user);
        Assert.Contains("2 entries are forgotten.", (await RunAsync("invalidate", "--all")).Output);
        Assert.Equal(1, (await RunAsync("invalidate")).ExitCode);
        Assert.Equal(1, (await RunAsync("invalidate", $"{user}", "--all")).ExitCode);
        Assert.Contains("USER: there is no user 'nobody'", (await RunAsync("show", "nobody")).Error);
    }
}
