using System.Net;
using System.Text.Json;
using Npgsql;
using Overnight.Core.Actions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Flags;
using Overnight.Tests.Harness;
using Overnight.Tests.Protection;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Actions;

/// <summary>SPEC A12: who did what, when, with which outcome, for good.</summary>
public sealed class ActionLogTests(TestServers servers)
{
    private const string Key = "0123456789-0123456789-0123456789";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A12_EveryActionOfTheApi_IsARowWithWhoAndWhat()
    {
        await using var app = await AppAsync();
        var (admin, token) = await app.Database.SignInAsync("admin");
        var (user, email) = await app.Database.AddAccountAsync();
        await app.Database.AddFlagAsync("development", "log.me");
        await app.Database.AddResultAsync(user, TestResults.Entry(user));

        using var wrong = await app.SignInAsync(email, "not the password");
        using var unknown = await app.SignInAsync($"{Guid.NewGuid():N}@test.example", "not the password");
        var own = await TokenAsync(app, email);
        var other = await TokenAsync(app, email);
        await app.SendAsync(HttpMethod.Delete, "/api/sessions/current", other);
        await app.GetAsync("/api/account/export", own, Ct);
        await app.PatchFlagAsync("log.me", token, """{"enabled":false}""");
        await app.PostAsync("/api/runs", "{}", token);
        var run = await app.Database.ScalarAsync<Guid>("select id from overnight_job_runs where job_type = 'scoring'");
        await app.PostAsync("/api/runs", "{}", token);
        await app.Database.ExecuteAsync("update overnight_job_runs set status = 'completed', completed_at = now(), planned_at = now()");
        await app.PostAsync($"/api/runs/{run}/retry", token: token);
        await app.PostAsync("/api/admin/cache/warm", """{"sets":["recommendations"]}""", token);
        await app.PostAsync("/api/admin/cache/events", """{"event":"ACCOUNT_CREATED"}""", token);
        await app.PostAsync($"/api/admin/users/{user}/ban", token: token);
        await app.PostAsync($"/api/admin/users/{user}/unban", token: token);

        var rows = await app.Database.ActionsAsync();
        Assert.Equal(
            [
                ("sign-in-refused", "wrong", "nobody", null, user),
                ("sign-in-refused", "wrong", "nobody", null, null),
                ("sign-in", "signed_in", "user", user, user),
                ("sign-in", "signed_in", "user", user, user),
                ("session-ended", "signed_out", "user", user, user),
                ("export", "started", "user", user, user),
                ("flag-change", "changed", "admin", admin, null),
                ("run", "started", "admin", admin, null),
                ("run", "joined", "admin", admin, null),
                ("retry", "nothing_failed", "admin", admin, null),
                ("warm", "started", "admin", admin, null),
                ("invalidate", "invalidated", "admin", admin, null),
                ("ban", "banned", "admin", admin, user),
                ("unban", "unbanned", "admin", admin, (Guid?)user),
            ],
            rows.Select(row => (row.Action, row.Outcome, row.Actor, row.By, row.Subject))
        );
        Assert.Equal(
            [$"{TestPeople.Hash(other)[..8]}..", "log.me", $"{run}", $"{run}", $"{run}", "ACCOUNT_CREATED"],
            new[] { 4, 6, 7, 8, 9, 11 }.Select(at => rows[at].Target)
        );
        // A warm leads to what became of it.
        Assert.Equal(
            1,
            await app.Database.ScalarAsync<long>(
                "select count(*) from overnight_job_runs where job_type = 'cache-warm' and correlation_id = $1",
                Guid.Parse(rows[10].Target!)
            )
        );
        Assert.Equal(1, JsonElement.Parse(rows[12].Detail!).GetProperty("sessions").GetInt32());
        var all = await app.Database.ScalarAsync<string>("select string_agg(l::text, ' ') from action_log l");
        foreach (var person in (string[])[email, $"{user}", $"{admin}", own, TestPeople.Hash(own)])
            Assert.DoesNotContain(person, all, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A12_ActionWithTheAdminKey_NamesTheKey()
    {
        await using var app = await AppAsync(("Admin:Key", Key));
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/runs");
        request.Headers.Add("X-Overnight-Admin-Key", Key);
        using var answer = await app.Http.SendAsync(request, Ct);

        var row = Assert.Single(await app.Database.ActionsAsync());
        Assert.Equal(("run", "started", "admin-key", null), (row.Action, row.Outcome, row.Actor, row.By));
    }

    [Theory]
    [InlineData("update action_log set outcome = 'other'")]
    [InlineData("delete from action_log")]
    [InlineData("truncate action_log")]
    public async Task A12_ChangeOfWhatWasWritten_IsRefusedToTheOwnerToo(string change)
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        await AddAsync(database, TimeProvider.System.GetUtcNow());

        var refused = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync(change));

        Assert.Contains("action_log is append-only", refused.MessageText);
        Assert.Equal(1, await database.ScalarAsync<long>("select count(*) from action_log where outcome = 'banned'"));
    }

    [Fact]
    public async Task A12_Person_IsTakenOutOfRowsThatStayAsTheyAre()
    {
        await using var app = await AppAsync();
        var (admin, token) = await app.Database.SignInAsync("admin");
        var (user, _) = await app.Database.SignInAsync();
        await app.PostAsync($"/api/admin/users/{user}/ban", token: token);
        var before = await app.Database.ScalarAsync<string>("select l::text from action_log l");

        await app.Database.ExecuteAsync("delete from person_refs where user_id = $1", user);

        Assert.Equal(before, await app.Database.ScalarAsync<string>("select l::text from action_log l"));
        using var answer = await app.GetAsync("/api/admin/actions", token, Ct);
        var item = Assert.Single((await answer.JsonAsync()).GetProperty("items").EnumerateArray());
        Assert.Equal((admin, JsonValueKind.Null), (item.GetProperty("actorId").GetGuid(), item.GetProperty("subjectId").ValueKind));
        Assert.Equal(JsonValueKind.String, item.GetProperty("subjectRef").ValueKind);
        // The user's own row goes, and takes only the reference along.
        await app.Database.ExecuteAsync("delete from users where id = $1", user);
        Assert.Equal(before, await app.Database.ScalarAsync<string>("select l::text from action_log l"));
    }

    /// <summary>What can't be recorded is not done: both are one transaction.</summary>
    [Fact]
    public async Task A12_ActionThatCanNotBeRecorded_IsNotDone()
    {
        await using var app = await AppAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        var (user, email) = await app.Database.AddAccountAsync();
        var session = await app.Database.AddSessionAsync(user);
        await app.Database.AddFlagAsync("development", "log.me");
        await app.Database.ExecuteAsync("alter table action_log rename to action_log_away");

        foreach (
            var (method, path, body) in ((string, string, string?)[])
                [
                    ("POST", $"/api/admin/users/{user}/ban", null),
                    ("DELETE", $"/api/admin/users/{user}/sessions", null),
                    ("DELETE", $"/api/admin/sessions/{TestPeople.Hash(session)}", null),
                    ("PATCH", "/api/admin/flags/log.me", """{"enabled":false}"""),
                    ("POST", "/api/runs", "{}"),
                    ("POST", "/api/admin/cache/invalidate", """{"all":true}"""),
                    ("POST", "/api/sessions", $$"""{"email":"{{email}}","password":"{{SignInHelp.Password}}"}"""),
                ]
        )
        {
            using StringContent? content = body is null ? null : new(body, System.Text.Encoding.UTF8, "application/json");
            using var answer = await app.SendAsync(new(method), path, token, content);
            Assert.True((int)answer.StatusCode >= 500, $"{method} {path}: {answer.StatusCode}");
        }

        Assert.Equal(
            (0, 0, 0, 2, 0),
            (
                await CountAsync("users where banned_at is not null"),
                await CountAsync("sessions where revoked_at is not null"),
                await CountAsync("overnight_job_runs") + await CountAsync("erp.generations"),
                await CountAsync("sessions"),
                await CountAsync("feature_flags where not enabled")
            )
        );

        Task<long> CountAsync(string what) => app.Database.ScalarAsync<long>($"select count(*) from {what}");
    }

    /// <summary>Whoever is refused again and again can't fill the log.</summary>
    [Fact]
    public async Task E5_RefusalsByALimit_AreOneRowAWindow()
    {
        await using var app = await AppAsync(("Sessions:AttemptsPerEmail", "1"), ("Sessions:AttemptsPerAddress", "4"));
        var email = $"{Guid.NewGuid():N}@test.example";
        for (var tries = 0; tries < 8; tries++)
            await app.TryFromAsync("198.18.77.7", email);

        Assert.Equal(["wrong", "limited", "network_limited"], (await app.Database.ActionsAsync()).ConvertAll(row => row.Outcome));
        Assert.All(await app.Database.ActionsAsync(), row =>
            Assert.Equal("198.18.77.0/24", JsonElement.Parse(row.Detail!).GetProperty("network").GetString())
        );
    }

    [Fact]
    public async Task A12_List_IsLatestFirstByPageActionAndUser()
    {
        await using var app = await AppAsync();
        var (admin, token) = await app.Database.SignInAsync("admin");
        var (one, other) = (await app.Database.AddUserAsync(), await app.Database.AddUserAsync());
        foreach (var user in (Guid[])[one, other, one])
            await app.PostAsync($"/api/admin/users/{user}/ban", token: token);
        await app.PostAsync($"/api/admin/users/{one}/unban", token: token);

        Assert.Equal(["unban", "ban", "ban", "ban"], await PagesAsync("limit=1"));
        Assert.Equal(["ban", "ban", "ban"], await PagesAsync("action=ban&limit=2"));
        Assert.Equal(["unban", "ban", "ban"], await PagesAsync($"user={one}&limit=1"));
        Assert.Equal(["ban"], await PagesAsync($"user={other}"));
        Assert.Equal(["ban", "ban", "ban"], await PagesAsync($"user={admin}&action=ban"));
        Assert.Equal([], await PagesAsync($"user={Guid.CreateVersion7()}"));

        async Task<List<string>> PagesAsync(string query)
        {
            List<string> actions = [];
            string? cursor = null;
            do
            {
                using var answer = await app.GetAsync(
                    $"/api/admin/actions?{query}{(cursor is null ? "" : $"&cursor={cursor}")}",
                    token,
                    Ct
                );
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                var page = await answer.JsonAsync();
                actions.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("action").GetString()!));
                cursor = page.GetProperty("nextCursor").GetString();
            } while (cursor is not null);
            return actions;
        }
    }

    /// <summary>Two who act for or on a user for the first time at once both name the user.</summary>
    [Fact]
    public async Task A12_ReferenceThatAnotherMakesMeanwhile_IsTheSame()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        var user = await database.AddUserAsync();
        await using var held = await HeldLock.TakeAsync(
            database,
            "insert into person_refs (id, user_id) values (gen_random_uuid(), $1)",
            user
        );

        var writing = AddAsync(database, TimeProvider.System.GetUtcNow(), user);
        await held.WaiterAsync(writing);
        await held.CommitAsync();
        await writing;

        Assert.Equal(user, Assert.Single(await database.ActionsAsync()).Subject);
    }

    private static Task AddAsync(NpgsqlDataSource database, DateTimeOffset at, Guid? subject = null) =>
        ActionLog.WriteAsync(database, new(Actor.Command, LoggedAction.Ban, "banned") { Subject = subject }, at, Ct);

    private static async Task<string> TokenAsync(ApiApp app, string email)
    {
        using var answer = await app.SignInAsync(email, SignInHelp.Password);
        return (await answer.JsonAsync()).GetProperty("token").GetString()!;
    }

    private async Task<ApiApp> AppAsync(params (string Key, string Value)[] settings) =>
        new(
            await servers.CreateDatabaseAsync(Ct),
            await servers.CacheConnectionStringAsync(Ct),
            settings: settings.ToDictionary(setting => setting.Key, setting => setting.Value)
        );
}
