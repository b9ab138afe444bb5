using System.Net;
using System.Text.Json;
using Overnight.Core.Auditing;
using Overnight.Core.Portfolios;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Account;

/// <summary>SPEC C5, C6: a user's own history, and who else opened a result of it.</summary>
public sealed class OwnHistoryTests(TestServers servers)
{
    private const string Key = "0123456789-0123456789-0123456789";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task C6_OwnHistory_IsTheOwnNewestFirstInPages()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        var (first, second) = (await night.RunAsync(Ct), await night.RunAsync(Ct, again: true));
        await using var app = await AppAsync(night);
        var (user, token) = await OwnerAsync(night, app);

        using var answer = await app.GetAsync("/api/calculations", token, Ct);
        var whole = await answer.JsonAsync();
        using var one = await app.GetAsync($"/api/calculations?limit=1&user={user}", token, Ct);
        var page = await one.JsonAsync();
        using var rest = await app.GetAsync($"/api/calculations?limit=1&cursor={page.GetProperty("nextCursor").GetString()}", token, Ct);

        Assert.Equal([(second.Id, user), (first.Id, user)], Ids(whole));
        Assert.Equal([(second.Id, user)], Ids(page));
        Assert.Equal([(first.Id, user)], Ids(await rest.JsonAsync()));
        using var opened = await app.GetAsync($"/api/calculations/{first.Id}/{user}", token, Ct);
        Assert.Equal(4, (await opened.JsonAsync()).GetProperty("events").GetArrayLength());
        // Who opens the own is not told.
        Assert.Equal(0, await app.Database.ScalarAsync<long>("select count(*) from result_reads"));

        static IEnumerable<(Guid, Guid)> Ids(JsonElement list) =>
            list.GetProperty("items").EnumerateArray().Select(i => (i.GetProperty("runId").GetGuid(), i.GetProperty("userId").GetGuid()));
    }

    [Fact]
    public async Task C6_OwnHistory_HasTwentyToAPageByDefault()
    {
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        var (user, token) = await app.Database.SignInAsync();
        await app.Database.ExecuteAsync("select ensure_month('2026-03-02')");
        await app.Database.ExecuteAsync(
            """
            insert into overnight_job_runs (id, job_type, status, market, business_date, revision, trigger, started_at, completed_at, correlation_id)
            select gen_random_uuid(), 'scoring', 'completed', 'NYSE', '2026-03-02', n, 'manual', now(), now(), gen_random_uuid() from generate_series(1, 21) n
            """
        );
        await app.Database.ExecuteAsync(
            "insert into calculation_events select business_date, id, $1, 4, now(), $2 from overnight_job_runs",
            user,
            new EventCodec().Failed(TimeSpan.Zero, CalculationStage.Load, "no_criteria")
        );

        using var answer = await app.GetAsync("/api/calculations", token, Ct);

        Assert.Equal(20, (await answer.JsonAsync()).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task C5_CalculationsOfAnother_Are404LikeNone()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct);
        var run = await night.RunAsync(Ct);
        await using var app = await AppAsync(night);
        var (user, _) = await OwnerAsync(night, app);
        var (_, stranger) = await app.Database.SignInAsync();

        HashSet<string> answers = [];
        foreach (
            var path in (string[])
                [
                    $"/api/calculations?user={user}",
                    $"/api/calculations/{run.Id}/{user}",
                    $"/api/calculations/{run.Id}/{Guid.CreateVersion7()}",
                    $"/api/calculations/{Guid.CreateVersion7()}/{user}",
                ]
        )
        {
            using var answer = await app.GetAsync(path, stranger, Ct);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            answers.Add((await answer.JsonAsync()).GetProperty("detail").GetString()!);
        }
        Assert.Single(answers);
        using var own = await app.GetAsync("/api/calculations", stranger, Ct);
        Assert.Empty((await own.JsonAsync()).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task C6_ReadsByOthers_AreToldToTheUserAlone()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct);
        var run = await night.RunAsync(Ct);
        await using var app = await AppAsync(night);
        var (user, token) = await OwnerAsync(night, app);
        var (admin, adminToken) = await app.Database.SignInAsync("admin");
        var other = await night.ScalarAsync<Guid>("select user_id from current_results where user_id <> $1", Ct, user);

        // A list is no read, and neither is what is not there.
        foreach (var path in (string[])[$"/api/calculations?user={user}", $"/api/calculations?run={run.Id}"])
            await app.GetAsync(path, adminToken, Ct);
        await app.GetAsync($"/api/calculations/{Guid.CreateVersion7()}/{user}", adminToken, Ct);
        using var opened = await app.GetAsync($"/api/calculations/{run.Id}/{user}", adminToken, Ct);
        await app.GetAsync($"/api/calculations/{run.Id}/{other}", adminToken, Ct);
        using HttpRequestMessage byKey = new(HttpMethod.Get, $"/api/calculations/{run.Id}/{user}");
        byKey.Headers.Add("X-Overnight-Admin-Key", Key);
        using var openedByKey = await app.Http.SendAsync(byKey, Ct);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (opened.StatusCode, openedByKey.StatusCode));
        using var answer = await app.GetAsync("/api/account/reads", token, Ct);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        Assert.DoesNotContain($"{admin}", text);
        var reads = JsonElement.Parse(text).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["admin-key", "admin"], reads.Select(read => read.GetProperty("reader").GetString()));
        Assert.All(reads, read =>
        {
            Assert.Equal(
                (run.Id, run.BusinessDate),
                (read.GetProperty("runId").GetGuid(), DateOnly.Parse(read.GetProperty("businessDate").GetString()!))
            );
            Assert.Equal($"/api/calculations/{run.Id}/{user}", read.GetProperty("links").GetProperty("self").GetString());
        });
        // Kept for who has to look into it, by a reference.
        Assert.Equal(
            admin,
            await app.Database.ScalarAsync<Guid>(
                "select p.user_id from result_reads r join person_refs p on p.id = r.reader_ref where r.user_id = $1",
                user
            )
        );
    }

    [Fact]
    public async Task C6_ReadThatCanNotBeRecorded_Is503WithoutTheResult()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct);
        var run = await night.RunAsync(Ct);
        await using var app = await AppAsync(night);
        var (user, token) = await OwnerAsync(night, app);
        var (_, admin) = await app.Database.SignInAsync("admin");
        await app.Database.ExecuteAsync("alter table result_reads rename to result_reads_away");

        using var refused = await app.GetAsync($"/api/calculations/{run.Id}/{user}", admin, Ct);
        using var own = await app.GetAsync($"/api/calculations/{run.Id}/{user}", token, Ct);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (refused.StatusCode, own.StatusCode));
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.DoesNotContain("INPUTS_CAPTURED", await refused.Content.ReadAsStringAsync(Ct));
    }

    private async Task<ApiApp> AppAsync(PipelineFixture night) =>
        new(
            night.DatabaseConnection,
            await servers.CacheConnectionStringAsync(Ct),
            settings: new Dictionary<string, string> { ["Admin:Key"] = Key }
        );

    private static async Task<(Guid User, string Token)> OwnerAsync(PipelineFixture night, ApiApp app)
    {
        var user = await night.ScalarAsync<Guid>("select user_id from current_results order by user_id limit 1", Ct);
        return (user, await app.Database.AddSessionAsync(user));
    }
}
