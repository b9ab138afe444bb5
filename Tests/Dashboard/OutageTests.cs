using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Dashboard;

public sealed class OutageTests(TestServers servers)
{
    private static readonly Dictionary<string, string> Quick = new()
    {
        ["Cache:BreakDuration"] = "00:00:00.2",
        ["Cache:BeatInterval"] = "00:00:00.2",
        ["Cache:LoadShared"] = "00:00:00",
    };

    [Fact]
    public async Task Get_CacheStoppedAndStartedAgain_AnswersFromDatabaseMeanwhile()
    {
        var ct = TestContext.Current.CancellationToken;
        var folder = await servers.CreateFolderAsync();
        var cache = await servers.StartCacheAsync(ct, folder);
        await using ApiApp app = new(await servers.CreateDatabaseAsync(ct), cache.ConnectionString, settings: Quick);
        var (userId, token) = await app.Database.SignInAsync();
        await app.Database.AddResultAsync(userId, TestResults.Entry(userId));
        Assert.False(await FromCacheAsync(app, token));
        await Eventually.TrueAsync(() => FromCacheAsync(app, token), "the entry is repaired");

        await cache.StopAsync();
        await Eventually.TrueAsync(async () => !await FromCacheAsync(app, token), "memory is emptied too");
        for (var i = 0; i < 20; i++)
            Assert.False(await FromCacheAsync(app, token));
        using (var health = await app.GetAsync("/health", ct: ct))
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);

        await servers.StartCacheAsync(ct, folder, cache.Port);
        await Eventually.TrueAsync(() => FromCacheAsync(app, token), "the cache is used again");
    }

    [Fact]
    public async Task Get_CacheStartedAgain_IsUsedAtOnceAndNotAtTheEndOfTheBreak()
    {
        var ct = TestContext.Current.CancellationToken;
        var folder = await servers.CreateFolderAsync();
        var cache = await servers.StartCacheAsync(ct, folder);
        await using ApiApp app = new(
            await servers.CreateDatabaseAsync(ct),
            cache.ConnectionString,
            settings: new Dictionary<string, string>(Quick) { ["Cache:BreakDuration"] = "00:05:00" }
        );
        var (userId, token) = await app.Database.SignInAsync();
        await app.Database.AddResultAsync(userId, TestResults.Entry(userId));
        await Eventually.TrueAsync(() => FromCacheAsync(app, token), "the entry is repaired");

        await cache.StopAsync();
        await Eventually.TrueAsync(
            async () => !await FromCacheAsync(app, token) && app.Get<CacheCircuit>().IsOpen,
            "the cache is left alone"
        );
        await servers.StartCacheAsync(ct, folder, cache.Port);
        await Eventually.TrueAsync(() => FromCacheAsync(app, token), "the cache is used again");
    }

    [Fact]
    public async Task Get_CacheFrozen_OpensTheCircuitAndAnswersFromDatabase()
    {
        var ct = TestContext.Current.CancellationToken;
        var cache = await servers.StartCacheAsync(ct);
        await using ApiApp app = new(
            await servers.CreateDatabaseAsync(ct),
            cache.ConnectionString,
            settings: new Dictionary<string, string>(Quick) { ["Cache:Timeout"] = "00:00:00.5" }
        );
        var (userId, token) = await app.Database.SignInAsync();
        await app.Database.AddResultAsync(userId, TestResults.Entry(userId));
        await Eventually.TrueAsync(() => FromCacheAsync(app, token), "the entry is repaired");

        Signal(cache.ProcessId, "STOP");
        try
        {
            await Eventually.TrueAsync(async () => !await FromCacheAsync(app, token), "memory is emptied too");
            Assert.True(app.Get<CacheCircuit>().IsOpen);
        }
        finally
        {
            Signal(cache.ProcessId, "CONT");
        }
        await Eventually.TrueAsync(() => FromCacheAsync(app, token), "the cache is used again");
        Assert.False(app.Get<CacheCircuit>().IsOpen);
    }

    [Fact]
    public async Task Get_DatabaseThenCacheLost_AnswersFromCacheThen503()
    {
        var ct = TestContext.Current.CancellationToken;
        var cache = await servers.StartCacheAsync(ct);
        var postgres = await servers.StartPostgresAsync(ct);
        var connection = await TestRoles.MigrateAsync(postgres.ConnectionString("postgres"), "overnight", ct);
        await using ApiApp app = new(connection, cache.ConnectionString, settings: Quick);
        var (userId, token) = await app.Database.SignInAsync();
        await app.Database.AddResultAsync(userId, TestResults.Entry(userId));
        var (_, coldToken) = await app.Database.SignInAsync();
        // Not by a request's own repair: PostgreSQL lost in the midst of one takes the entry back.
        Assert.Equal(RepairOutcome.Written, await app.Get<ResultRepair>().RepairAsync(userId, ct));
        await Eventually.TrueAsync(() => FromCacheAsync(app, token), "the entry is answered");

        await postgres.StopAsync();
        Assert.True(await FromCacheAsync(app, token));
        await Unavailable(coldToken);

        await cache.StopAsync();
        await Eventually.TrueAsync(
            async () => (await app.GetAsync("/api/dashboard", token, ct)).StatusCode != HttpStatusCode.OK,
            "memory is emptied too"
        );
        await Unavailable(token);

        async Task Unavailable(string which)
        {
            using var response = await app.GetAsync("/api/dashboard", which, ct);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            Assert.NotNull(response.Headers.RetryAfter);
        }
    }

    [Fact]
    public async Task Get_ChangeAnnounced_IsNotAnsweredFromMemoryAnyMore()
    {
        var ct = TestContext.Current.CancellationToken;
        await using ApiApp app = new(
            await servers.CreateDatabaseAsync(ct),
            await servers.CacheConnectionStringAsync(ct),
            settings: new Dictionary<string, string> { ["Cache:MemoryTtl"] = "00:05:00", ["Cache:MemoryAdmission"] = "0" }
        );
        var (userId, token) = await app.Database.SignInAsync();
        await Eventually.TrueAsync(() => app.Get<ResultReader>().Memory.IsEnabled, "the node hears itself");
        await app.Cache.StringSetAsync(CacheKeys.Recommendations(userId), TestResults.Entry(userId, "1.0000"));
        Assert.Equal("1.0000", await TotalAsync(app, token));

        // Nobody was told, so memory goes on answering; this is what the announcement is for.
        await app.Cache.StringSetAsync(CacheKeys.Recommendations(userId), TestResults.Entry(userId, "2.0000"));
        Assert.Equal("1.0000", await TotalAsync(app, token));
        app.Get<CacheStore>().Publish(CacheChannel.Changed(Guid.CreateVersion7(), userId, userId));
        await Eventually.TrueAsync(async () => await TotalAsync(app, token) == "2.0000", "the announced result is answered");
    }

    private static async Task<bool> FromCacheAsync(ApiApp app, string token)
    {
        using var answer = await AnswerAsync(app, token);
        return answer.RootElement.GetProperty("data").GetProperty("fromCache").GetBoolean();
    }

    private static async Task<string?> TotalAsync(ApiApp app, string token)
    {
        using var answer = await AnswerAsync(app, token);
        return answer.RootElement.GetProperty("data").GetProperty("totalInvestable").GetString();
    }

    private static async Task<JsonDocument> AnswerAsync(ApiApp app, string token)
    {
        using var response = await app.GetAsync("/api/dashboard", token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
    }

    private static void Signal(int process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
