using Overnight.Core.Runs;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Pages.Operations;

/// <summary>The operations pages, each with something on it.</summary>
internal static class OperationsStates
{
    private static readonly DateTimeOffset Now = PageStates.Now;

    public static readonly PageState[] All =
    [
        Admin("operations", _ => "/operations"),
        Admin("operations-runs", _ => "/operations/runs"),
        Admin("operations-runs-late", _ => "/operations/runs?state=late"),
        Admin("operations-runs-wrong-filter", _ => "/operations/runs?date=tomorrow&state=tired"),
        Admin("operations-run", filled => $"/operations/runs/{filled.Run}"),
        Admin("operations-run-new", _ => "/operations/runs/new"),
        Admin("operations-schedule", _ => "/operations/schedule"),
        Admin("operations-pause", _ => "/operations/schedule/sets/recommendations"),
        Admin("operations-resume", _ => "/operations/schedule/markets/LSE"),
        Admin("operations-warming", _ => "/operations/warming"),
        Admin("operations-cache", _ => "/operations/cache"),
        Admin("operations-providers", _ => "/operations/providers"),
        Admin("operations-notices", _ => "/operations/notices"),
        Admin("operations-flags", _ => "/operations/flags"),
        Admin("operations-flag", _ => "/operations/flags/pricing.limit"),
        Admin("operations-users", _ => "/operations/users"),
        Admin("operations-user", filled => $"/operations/users/{filled.User}"),
        Admin("operations-log", _ => "/operations/log"),
        Admin("operations-keys", _ => "/operations/keys"),
    ];

    private static PageState Admin(string name, Func<(Guid Run, Guid User), string> path) => new(name, async data =>
        {
            var filled = await data.OnceAsync(FillAsync);
            return (path(filled), (await data.SignInAsync("admin")).Token);
        });

    /// <summary>A Friday on which one market failed in part, one is late, and one is paused.</summary>
    /// <returns>A run with failures, and a user with sessions.</returns>
    public static async Task<(Guid Run, Guid User)> FillAsync(PageStateData data)
    {
        var database = data.Database;
        var (user, _) = await data.SignInAsync();
        await data.AddSessionAsync(user, TimeSpan.FromDays(3), "2001:db8::17", PageStateData.Phone);
        await database.AddHoldingAsync(user);
        await database.ExecuteAsync(
            "insert into user_markets select $1, code from markets where code in ('NYSE', 'XETRA', 'TSE', 'LSE')",
            user
        );
        await database.ExecuteAsync(
            "insert into worker_heartbeats values (gen_random_uuid(), 'worker-1', 4711, $1, $2)",
            Now.AddHours(-9),
            Now
        );
        for (var day = 1; day < 9; day++)
            await database.AddRunAsync(Now.AddDays(-day), date: $"2026-11-{19 - day:00}");
        await database.AddRunAsync(new(2026, 11, 20, 7, 0, 0, TimeSpan.Zero), "XETRA");
        var run = await database.AddRunAsync(Now.AddMinutes(-40), failed: 3);
        await database.ExecuteAsync(
            """
            insert into nights (market, business_date, due_at, deadline_at, state, since, forecast_at, finished_at, checked_at) values
                ('NYSE', '2026-11-20', '2026-11-20T12:30Z', '2026-11-20T14:00Z', 'on-time', '2026-11-20T12:30Z',
                    '2026-11-20T13:30:18Z', '2026-11-20T13:30:18Z', '2026-11-20T13:31Z'),
                ('XETRA', '2026-11-20', '2026-11-20T06:00Z', '2026-11-20T06:50Z', 'late', '2026-11-20T06:50Z',
                    '2026-11-20T07:00:18Z', '2026-11-20T07:00:18Z', '2026-11-20T07:01Z'),
                ('TSE', '2026-11-20', '2026-11-19T22:00Z', '2026-11-19T23:30Z', 'missed', '2026-11-19T22:10Z', null, null, '2026-11-20T14:10Z')
            """
        );
        await database.ExecuteAsync(
            """
            insert into schedule_pauses (id, kind, name, reason, actor, paused_at, until_at) values
                (gen_random_uuid(), 'market', 'LSE', 'The price provider moves to another data centre', 'admin', '2026-11-20T09:00Z', '2026-11-23T06:00Z'),
                (gen_random_uuid(), 'set', 'flags', 'import', 'command', '2026-11-20T09:00Z', null)
            """
        );
        await AddNoticesAsync(data);
        await AddProvidersAsync(data, run);
        await AddCacheAsync(data);
        await AddFlagsAsync(data, user);
        await AddWarmsAsync(data);
        await AddActionsAsync(data, run, user);
        return (run, user);
    }

    private static Task AddWarmsAsync(PageStateData data) =>
        data.Database.ExecuteAsync(
            """
            with warm as (
                insert into overnight_job_runs (id, job_type, status, trigger, started_at, completed_at, correlation_id, users_total, users_processed, metrics)
                values
                    ($1, 'cache-warm', 'completed', 'schedule', '2026-11-20T13:12Z', '2026-11-20T13:12:02Z', $1, 1204, 1204, '{"set":"reference-master"}'),
                    ($2, 'cache-warm', 'completed', 'pipeline-end', '2026-11-20T13:30:20Z', '2026-11-20T13:30:21Z', $2, 1000, 1000, '{"set":"sessions"}'),
                    ($3, 'cache-warm', 'completed', 'pipeline-end', '2026-11-20T13:30:21Z', '2026-11-20T13:30:24Z', $3, 997, 997, '{"set":"recommendations"}')
                returning id, trigger, started_at, completed_at, users_processed, metrics)
            insert into warm_progress (set_name, run_id, trigger, marker, warmed, started_at, updated_at, completed_at)
            select metrics->>'set', id, trigger, 'marker', users_processed, started_at, completed_at, completed_at from warm
            """,
            Guid.CreateVersion7(Now.AddMinutes(-58)),
            Guid.CreateVersion7(Now.AddMinutes(-40)),
            Guid.CreateVersion7(Now.AddMinutes(-39))
        );

    private static Task AddActionsAsync(PageStateData data, Guid run, Guid user) =>
        data.Database.ExecuteAsync(
            """
            with person as (insert into person_refs select gen_random_uuid(), $1 returning id)
            insert into action_log (at, action, outcome, actor, actor_ref, subject_ref, target, detail)
            select at::timestamptz, action, outcome, actor, case when actor = 'user' then id end, case when about then id end, target, detail::json
            from person, (values
                ('2026-11-20T08:02Z', 'sign-in', 'signed_in', 'user', true, null, '{"method":"password"}'),
                ('2026-11-20T08:14Z', 'sign-in-refused', 'wrong_password', 'nobody', true, null, null),
                ('2026-11-20T09:00Z', 'pause', 'paused', 'admin', false, 'market/LSE', '{"until":"2026-11-23T06:00:00Z"}'),
                ('2026-11-20T13:29:40Z', 'run', 'started', 'admin-key', false, $2, '{"market":"NYSE"}'),
                ('2026-11-20T14:10Z', 'flag-change', 'changed', 'admin', false, 'pricing.limit', '{"version":2}')
            ) as done (at, action, outcome, actor, about, target, detail) order by at
            """,
            user,
            $"{run:D}"
        );

    private static Task AddNoticesAsync(PageStateData data) =>
        data.Database.ExecuteAsync(
            """
            with n as (
                insert into notices (id, event, subject, body, created_at) values
                    (gen_random_uuid(), 'night.missed', 'night/TSE/2026-11-20',
                        convert_to('{"type":"night.missed","data":{"market":"TSE","businessDate":"2026-11-20"}}', 'UTF8'), '2026-11-19T22:10Z'),
                    (gen_random_uuid(), 'night.late', 'night/XETRA/2026-11-20',
                        convert_to('{"type":"night.late","data":{"market":"XETRA","businessDate":"2026-11-20"}}', 'UTF8'), '2026-11-20T06:50Z'),
                    (gen_random_uuid(), 'run.partial', 'run/NYSE/2026-11-20',
                        convert_to('{"type":"run.partial","data":{"market":"NYSE","usersFailed":3}}', 'UTF8'), '2026-11-20T13:30Z')
                returning id, event, created_at)
            insert into notice_deliveries (notice_id, target, state, attempts, next_at, retry_until, delivered_at, last_status, last_error)
            select id, 'ops', case event when 'run.partial' then 'waiting' when 'night.late' then 'failed' else 'delivered' end,
                case event when 'run.partial' then 3 when 'night.late' then 40 else 1 end, created_at + interval '45 minutes', created_at + interval '1 day',
                case event when 'night.missed' then created_at + interval '2 seconds' end,
                case event when 'night.missed' then 204 when 'night.late' then 503 end,
                case event when 'run.partial' then 'the target did not answer within 10 s' when 'night.late' then 'the target answered 503' end
            from n
            """
        );

    private static Task AddProvidersAsync(PageStateData data, Guid run) =>
        data.Database.AddProvidersAsync(
            run,
            new("rates", "ecb", ProviderOutcome.Used, Values: 30, TookMs: 412),
            new("prices", "stooq", ProviderOutcome.Failed, "rate_limited", "429, tries again in 600 s", TookMs: 1_203),
            new(
                "prices",
                "stored",
                ProviderOutcome.Stale,
                Values: 502,
                Refused: 2,
                Refusals: [new("AAPL", "too_old", "of 2026-11-12"), new("BND", "out_of_range", null)],
                StaleSince: Now.AddDays(-2)
            )
        );

    private static async Task AddCacheAsync(PageStateData data)
    {
        for (var minute = 0; minute < 150; minute++)
        {
            if (minute is > 60 and < 66)
                continue;
            await data.Database.ExecuteAsync(
                "insert into cache_minutes values ($1, '019a0000-0000-7000-8000-000000000001', $2, 0, $3, 20, 0, $4)",
                Now.AddMinutes(-minute - 1),
                4_000 + (minute * 37 % 900),
                minute is > 50 and < 61 ? 900 : 25 + (minute % 7),
                0.4 + (minute % 11 * 0.03)
            );
        }
    }

    private static Task AddFlagsAsync(PageStateData data, Guid user) =>
        data.Database.ExecuteAsync(
            """
            insert into feature_flags (environment, key, enabled, value, access_count, last_accessed_at, version) values
                ('development', 'dashboard.explanations', true, null, 0, null, 1),
                ('development', 'pricing.limit', false, '6', 1204, $2, 2);
            """.Replace("$2", $"'{Now:O}'", StringComparison.Ordinal)
                + $$"""
                insert into feature_flag_changes (environment, key, version, changed_by, changed_at, before, after)
                values ('development', 'pricing.limit', 2, '{{user}}', '{{Now:O}}', '{"enabled":false,"value":5}', '{"enabled":false,"value":6}')
                """
        );
}
