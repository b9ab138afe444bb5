using System.Net;
using System.Text.Json;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Runs;

/// <summary>SPEC A10: the state of a run's night or warm, in lists, in details and as a filter.</summary>
public sealed class RunStateTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A10_Schedule_HasTheLatestNightAndWarmAgainstTheirDeadlines()
    {
        await using var app = new ApiApp(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        var (_, token) = await app.Database.SignInAsync("admin");
        await app.Database.ExecuteAsync(
            """
            insert into nights (market, business_date, due_at, deadline_at, state, since, forecast_at, checked_at) values
                ('NYSE', '2026-11-23', '2026-11-23T12:30Z', '2026-11-23T14:00Z', 'late', now(), null, now()),
                ('NYSE', '2026-11-24', '2026-11-24T12:30Z', '2026-11-24T14:00Z', 'at-risk', now(), '2026-11-24T14:30Z', now());
            insert into warm_deadlines (set_name, due_at, deadline_at, state, since, forecast_at, finished_at, checked_at) values
                ('flags', '2026-11-24T11:00Z', '2026-11-24T11:01Z', 'missed', now(), null, null, now()),
                ('flags', '2026-11-24T12:00Z', '2026-11-24T12:01Z', 'late', now(), '2026-11-24T12:03Z', '2026-11-24T12:03Z', now())
            """
        );

        using var answer = await app.GetAsync("/api/admin/schedule", token, Ct);
        var schedule = await answer.JsonAsync();

        var night = Item("markets", "market", "NYSE").GetProperty("latest");
        Assert.Equal("2026-11-24", night.GetProperty("businessDate").GetString());
        Assert.Equal(("at-risk", -1_800_000), State(night.GetProperty("night")));
        Assert.Equal(("late", -120_000), State(Item("sets", "set", "flags").GetProperty("latest")));
        Assert.Equal(JsonValueKind.Null, Item("sets", "set", "recommendations").GetProperty("latest").ValueKind);

        JsonElement Item(string list, string key, string name) =>
            schedule.GetProperty(list).EnumerateArray().Single(item => item.GetProperty(key).GetString() == name);

        static (string?, long) State(JsonElement latest) =>
            (latest.GetProperty("state").GetString(), latest.GetProperty("marginMs").GetInt64());
    }

    [Fact]
    public async Task A10_Runs_HaveTheStateOfTheirNightOrWarm_AndAreFoundByIt()
    {
        await using var app = new ApiApp(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        var (_, token) = await app.Database.SignInAsync("admin");
        await app.Database.ExecuteAsync(
            """
            insert into overnight_job_runs (id, job_type, status, market, business_date, revision, trigger, started_at, completed_at, correlation_id)
            select gen_random_uuid(), 'scoring', 'completed', 'NYSE', d::date, 1, 'schedule', d, d + interval '2 hours', gen_random_uuid()
            from generate_series('2026-11-23T12:30Z'::timestamptz, '2026-11-25T12:30Z', '1 day') d;
            insert into overnight_job_runs (id, job_type, trigger, started_at, correlation_id, metrics)
            values (gen_random_uuid(), 'cache-warm', 'schedule', now(), gen_random_uuid(), '{"set":"flags"}');
            insert into nights (market, business_date, due_at, deadline_at, state, since, forecast_at, finished_at, checked_at) values
                ('NYSE', '2026-11-23', '2026-11-23T12:30Z', '2026-11-23T14:00Z', 'on-time', now(), '2026-11-23T13:00Z', '2026-11-23T13:00Z', now()),
                ('NYSE', '2026-11-24', '2026-11-24T12:30Z', '2026-11-24T14:00Z', 'late', now(), '2026-11-24T14:30Z', null, now()),
                ('LSE', '2026-11-24', '2026-11-24T06:00Z', '2026-11-24T07:30Z', 'late', now(), null, null, now());
            insert into warm_deadlines (set_name, due_at, deadline_at, state, since, run_id, forecast_at, finished_at, checked_at)
            select 'flags', due, due + interval '1 minute', state, now(), r.id, ended, ended, now()
            from overnight_job_runs r, (values (timestamptz '2026-11-25T12:04Z')) e (ended),
                (values ('missed', timestamptz '2026-11-25T12:00Z'), ('on-time', '2026-11-25T12:05Z')) w (state, due)
            where r.job_type = 'cache-warm'
            """
        );

        Assert.Equal(["2026-11-25 ", "2026-11-24 late -1800000", "2026-11-23 on-time 3600000"], await ListAsync("jobType=scoring"));
        Assert.Equal(["2026-11-24 late -1800000"], await ListAsync("state=late"));
        // One run finished two warms that were due.
        Assert.Equal([" missed -180000"], await ListAsync("state=missed"));
        Assert.Equal([" on-time 120000"], await ListAsync("state=on-time&jobType=cache-warm"));
        Assert.Equal([" on-time 120000"], await ListAsync("jobType=cache-warm"));
        Assert.Equal([], await ListAsync("state=at-risk"));
        var id = await app.Database.ScalarAsync<Guid>("select id from overnight_job_runs where business_date = '2026-11-24'");
        using var detail = await app.GetAsync($"/api/runs/{id}", token, Ct);
        Assert.Equal("late", (await detail.JsonAsync()).GetProperty("night").GetProperty("state").GetString());
        using var wrong = await app.GetAsync("/api/runs?state=tired", token, Ct);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Contains(
            "state must be one of on-time, at-risk, late, missed; it is 'tired'",
            await wrong.Content.ReadAsStringAsync(Ct),
            StringComparison.Ordinal
        );

        async Task<IEnumerable<string>> ListAsync(string query)
        {
            using var answer = await app.GetAsync($"/api/runs?{query}", token, Ct);
            return
            [
                .. (await answer.JsonAsync())
                    .GetProperty("items")
                    .EnumerateArray()
                    .Select(run => $"{run.GetProperty("businessDate").GetString()} {DeadlineOf(run)}"),
            ];
        }

        static string DeadlineOf(JsonElement run) =>
            run.TryGetProperty("night", out var deadline) || run.TryGetProperty("warm", out deadline)
                ? $"{deadline.GetProperty("state").GetString()} {deadline.GetProperty("marginMs").GetInt64()}"
                : "";
    }
}
