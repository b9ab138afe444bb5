using System.Net;
using Overnight.Core.Actions;
using Overnight.Core.Flags;
using Overnight.Core.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Flags;

/// <summary>Flags on several nodes, and while stores are away (SPEC F1, F5).</summary>
public sealed class FlagNodeTests(TestServers servers)
{
    // Long in memory, so that only a message, or its loss being noticed, can make a node forget.
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["Flags:MemoryTtl"] = "00:05:00",
        ["Flags:Environment"] = "test",
        ["Cache:BreakDuration"] = "00:00:00.2",
        ["Cache:BeatInterval"] = "00:00:00.2",
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Patch_F1_OnOneNode_IsSeenByAnother_AlsoAfterTheChannelWasCutAndRestored()
    {
        var cache = await servers.StartCacheAsync(Ct);
        var database = await servers.CreateDatabaseAsync(Ct);
        await using ApiApp one = new(database, cache.ConnectionString, settings: Settings);
        await using ApiApp other = new(database, cache.ConnectionString, settings: Settings);
        var (_, token) = await one.Database.SignInAsync("admin");
        await one.Database.AddFlagAsync("test", "new-page");
        await InMemoryAsync(other, token);

        await ChangeAsync(one, token, "1");
        await SeenAsync(other, token, 1);

        // Cut: whatever is announced now is lost. It was in memory when that happened.
        await InMemoryAsync(other, token);
        await cache.AdministerAsync("CLIENT", "KILL", "TYPE", "pubsub");
        await ChangeAsync(one, token, "2");
        await SeenAsync(other, token, 2);

        // Restored.
        await InMemoryAsync(other, token);
        await ChangeAsync(one, token, "3");
        await SeenAsync(other, token, 3);
    }

    [Fact]
    public async Task Get_F5_BothStoresAway_AnswersWithItsAgeWhereOthersAnswer503()
    {
        var cache = await servers.StartCacheAsync(Ct);
        var postgres = await servers.StartPostgresAsync(Ct);
        var connection = await TestRoles.MigrateAsync(postgres.ConnectionString("postgres"), "overnight", Ct);
        await using ApiApp app = new(connection, cache.ConnectionString, settings: Settings);
        var (_, token) = await app.Database.SignInAsync();
        var (_, revoked) = await app.Database.SignInAsync();
        var (_, unknown) = await app.Database.SignInAsync();
        await app.Database.AddFlagAsync("test", "new-page", value: "\"last\"");
        await app.Database.AddFlagAsync("test", "never-read");
        await app.FlagAsync("new-page", token);
        await app.FlagAsync("new-page", revoked);
        await app.Get<SessionRevocation>().RevokeAsync(TestPeople.Hash(revoked), Actor.Command);
        using (var refused = await app.GetAsync("/api/config/flags/new-page", revoked, Ct))
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        await postgres.StopAsync();
        await cache.StopAsync();
        await Eventually.TrueAsync(() => !app.Get<FlagReader>().Memory.IsEnabled, "memory is emptied");

        using var answer = await app.GetAsync("/api/config/flags/new-page", token, Ct);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var flag = await answer.JsonAsync();
        Assert.Equal(
            ("last", "last-known", true),
            (flag.GetProperty("value").GetString(), flag.GetProperty("source").GetString(), flag.GetProperty("stale").GetBoolean())
        );
        Assert.True(flag.GetProperty("age").GetInt64() > 0);
        Assert.NotNull(answer.Headers.Age);

        // A flag this node has not known, a session it has not known or has seen refused, and everything else.
        foreach (
            var (path, who) in ((string, string)[])
                [
                    ("config/flags/never-read", token),
                    ("config/flags/new-page", unknown),
                    ("config/flags/new-page", revoked),
                    ("dashboard", token),
                    ("admin/flags", token),
                ]
        )
        {
            using var away = await app.GetAsync($"/api/{path}", who, Ct);
            Assert.True(HttpStatusCode.ServiceUnavailable == away.StatusCode, $"{path}: {away.StatusCode}");
            Assert.NotNull(away.Headers.RetryAfter);
        }
        using var health = await app.GetAsync("/health", ct: Ct);
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, "Unhealthy: cache, database"),
            (health.StatusCode, await health.Content.ReadAsStringAsync(Ct))
        );
    }

    [Fact]
    public async Task Get_F5_NodeThatRestartsWhileBothStoresAreAway_AnswersWhatItKnewBefore()
    {
        var cache = await servers.StartCacheAsync(Ct);
        var postgres = await servers.StartPostgresAsync(Ct);
        var connection = await TestRoles.MigrateAsync(postgres.ConnectionString("postgres"), "overnight", Ct);
        var folder = Path.Combine(await servers.CreateFolderAsync(), "copy");
        Dictionary<string, string> settings = new(Settings) { ["Flags:CopyDirectory"] = folder };
        string token,
            unknown;
        await using (ApiApp before = new(connection, cache.ConnectionString, settings: settings))
        {
            (_, token) = await before.Database.SignInAsync();
            (_, unknown) = await before.Database.SignInAsync();
            await before.Database.AddFlagAsync("test", "new-page", value: "\"last\"");
            await before.FlagAsync("new-page", token);
        }
        var copy = Assert.Single(Directory.GetFiles(folder));
        Assert.DoesNotContain(token, await File.ReadAllTextAsync(copy, Ct), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(copy));
        await postgres.StopAsync();
        await cache.StopAsync();

        await using ApiApp after = new(connection, cache.ConnectionString, settings: settings);

        using var answer = await after.GetAsync("/api/config/flags/new-page", token, Ct);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var flag = await answer.JsonAsync();
        Assert.Equal(
            ("last", "last-known", true),
            (flag.GetProperty("value").GetString(), flag.GetProperty("source").GetString(), flag.GetProperty("stale").GetBoolean())
        );
        Assert.True(flag.GetProperty("age").GetInt64() > 0);
        foreach (var (path, who) in ((string, string)[])[("config/flags/new-page", unknown), ("dashboard", token)])
        {
            using var away = await after.GetAsync($"/api/{path}", who, Ct);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"flags\":{\"new-page\":\"AAAA\"}}")]
    [InlineData("{\"flags\":")]
    public async Task F5_CopyThatIsDamaged_IsLeftOutAndWrittenAnew(string content)
    {
        var folder = await servers.CreateFolderAsync();
        var database = await servers.CreateDatabaseAsync(Ct);
        var cache = await servers.CacheConnectionStringAsync(Ct);
        Dictionary<string, string> settings = new(Settings)
        {
            ["Flags:CopyDirectory"] = folder,
            ["Flags:Environment"] = TestFlags.NewEnvironment(),
        };
        string token;
        await using (ApiApp first = new(database, cache, settings: settings))
        {
            (_, token) = await first.Database.SignInAsync();
            await first.Database.AddFlagAsync(settings["Flags:Environment"], "new-page");
            await first.FlagAsync("new-page", token);
        }
        var copy = Assert.Single(Directory.GetFiles(folder));
        await File.WriteAllTextAsync(copy, content, Ct);

        await using (ApiApp second = new(database, cache, settings: settings))
            await second.FlagAsync("new-page", token);

        Assert.Contains("\"new-page\":\"eyJ", await File.ReadAllTextAsync(copy, Ct), StringComparison.Ordinal);
    }

    private static Task InMemoryAsync(ApiApp node, string token) =>
        Eventually.TrueAsync(
            async () => (await node.FlagAsync("new-page", token)).GetProperty("source").GetString() == "memory",
            "the flag is in the node's memory"
        );

    private static Task SeenAsync(ApiApp node, string token, int value) =>
        Eventually.TrueAsync(
            async () =>
                (await node.FlagAsync("new-page", token)).GetProperty("value") is { ValueKind: System.Text.Json.JsonValueKind.Number } seen
                && seen.GetInt32() == value,
            $"the node sees {value}"
        );

    private static async Task ChangeAsync(ApiApp node, string token, string value)
    {
        using var answer = await node.PatchFlagAsync("new-page", token, $$"""{"value":{{value}}}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
