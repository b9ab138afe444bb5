using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Core.Doctor;

/// <summary>Looks for what is stuck or broken: runs, batches, sessions, users, stored values, the cache. Reads only.</summary>
/// <param name="cache">Null where no cache is configured.</param>
internal sealed class DoctorReport(NpgsqlDataSource dataSource, Lazy<CacheStore>? cache, TimeProvider time)
{
    /// <summary>A batch takes well under a second; a run in which none ended for this long is stuck.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Findings of one kind that are named one by one; the rest is counted.</summary>
    private const int Named = 20;

    private const string Uncached = """
            select format('%s batches of run %s (%s, %s) are stored and not in the cache.', count(*), r.id, r.market, r.business_date),
                min(b.completed_at),
                'A jobs process caches them when the cache is back, from the stored bytes.'
            from overnight_job_runs r join run_batches b on b.run_id = r.id
            where b.status = 'done' and b.cached_at is null and r.completed_at < $1 group by r.id order by 2
        """;

    // Every query gives: what, since, advice. $1 is the time before which something counts as stuck.
    private static readonly (string Subject, string Query)[] Checks =
    [
        (
            "unfinished runs",
            """
            select format('Run %s (%s, %s, revision %s) is unfinished: %s of %s batches are done, %s users failed.',
                    r.id, r.market, r.business_date, r.revision, count(b.*) filter (where b.status = 'done'),
                    count(b.*) filter (where b.status <> 'split'), coalesce(sum(b.users_failed), 0)),
                greatest(r.started_at, max(b.completed_at)),
                'Start a jobs process (dotnet run --project Jobs, or the AppHost), or finish it here: jobs run --market '
                    || r.market || ' --date ' || r.business_date
            from overnight_job_runs r left join run_batches b on b.run_id = r.id
            where r.completed_at is null and r.job_type = 'scoring' group by r.id
            having greatest(r.started_at, max(b.completed_at)) < $1 order by 2
            """
        ),
        (
            "unfinished batches",
            """
            select format('Batch %s of run %s (users %s to %s) was started %s times and never finished, last by %s.',
                    b.number, b.run_id, b.first_user, b.last_user, count(*), (array_agg(a.worker order by a.started_at desc))[1]),
                max(a.started_at), 'Nothing to do while a jobs process runs: after 3 tries it is split until the user at fault is named.'
            from run_batches b join batch_attempts a on a.run_id = b.run_id and a.number = b.number
                join overnight_job_runs r on r.id = b.run_id
            where b.status = 'pending' and r.completed_at is null group by b.run_id, b.number having max(a.started_at) < $1 order by 2
            """
        ),
        (
            "open transactions",
            """
            select format('Session %s of %s holds a transaction open without a statement (%s).', pid,
                    coalesce(nullif(application_name, ''), usename), coalesce(client_addr::text, 'local')),
                state_change,
                'Its process is frozen or its host gone. PostgreSQL ends those of Overnight by itself (docs/operate.md, Connections); another: '
                    || 'select pg_terminate_backend(' || pid || ')'
            from pg_stat_activity where datname = current_database() and state like 'idle in transaction%' and state_change < $1 order by 2
            """
        ),
        (
            "failed runs",
            """
            select format('Run %s (%s, %s, revision %s) is failed: %s', r.id, r.market, r.business_date, r.revision,
                    coalesce(r.error_details->>'message', r.users_failed || ' users failed, and no other was computed') || '.'),
                r.completed_at, 'When the cause is mended: jobs retry ' || r.id
            from overnight_job_runs r
            where r.status = 'failed' and r.job_type = 'scoring' and r.completed_at > $1 - interval '7 days'
              and not exists (select from overnight_job_runs n where n.job_type = 'scoring' and n.market = r.market
                  and n.business_date = r.business_date and n.revision > r.revision)
            order by 2 desc
            """
        ),
        (
            "deadlines of nights",
            """
            select format('The night of %s for %s is %s; its deadline is %sZ%s.', market, business_date, state,
                    to_char(deadline_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
                    case when forecast_at is not null then format(', its forecast %sZ, %s min %s it',
                        to_char(forecast_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
                        ceil(abs(extract(epoch from forecast_at - deadline_at)) / 60),
                        case when forecast_at > deadline_at then 'after' else 'before' end) end),
                since,
                case when run_id is null then 'It never began. Start a jobs process, or run it here: jobs run --market '
                    || market || ' --date ' || business_date
                    else 'See what holds it up: GET /api/runs/' || run_id end
            from nights where finished_at is null and state <> 'on-time' and due_at > $1 - interval '7 days' order by 2
            """
        ),
        (
            "deadlines of warms",
            """
            select format('The scheduled warm of %s is %s; its deadline was %sZ.', set_name, state,
                    to_char(deadline_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI')),
                since, 'A jobs process warms it when the cache answers; by hand: jobs warm ' || set_name
            from warm_deadlines where finished_at is null and state <> 'on-time' and due_at > $1 - interval '7 days' order by 2
            """
        ),
        (
            "paused schedules",
            """
            select format('The schedule of %s %s is paused%s: %s', kind, name,
                    coalesce(' until ' || to_char(until_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || 'Z', ''), reason),
                paused_at, 'When the reason is gone: jobs resume --' || kind || ' ' || name
            from schedule_pauses where ended_at is null and (until_at is null or until_at > $1) order by 2
            """
        ),
        (
            "notices that were not delivered",
            """
            select format('Webhook %s was not told %s of %s: %s', d.target, n.event, n.subject, d.last_error), n.created_at,
                case d.state when 'failed' then 'It is not tried any more. When the target is mended: POST /api/admin/notices/' || n.id || '/redeliver'
                    else 'It is tried again until ' || to_char(d.retry_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI')
                        || 'Z; try the target: jobs notify test --target ' || d.target end
            from notice_deliveries d join notices n on n.id = d.notice_id
            where d.state <> 'delivered' and d.last_error is not null and n.created_at > $1 - interval '7 days' order by 2
            """
        ),
        ("results that are not cached", Uncached),
        (
            "users in quarantine",
            """
            select format('User %s is quarantined in %s: %s/%s, %s nights in a row: %s', user_id, market, stage, reason, failures, detail),
                since,
                'It is computed again when its inputs change, or at once by: jobs retry ' || run_id
            from failing_users where quarantined_at is not null and $1 is not null order by since, user_id
            """
        ),
        (
            "partitions",
            """
            select format('There is no partition of %s for %s.', parent, to_char(day, 'YYYY-MM')), null::timestamptz,
                'Make it: jobs retention'
            from unnest(array['calculation_events', 'calculation_results', 'asset_postings']) parent,
                unnest(array[current_date, (current_date + interval '1 month')::date]) day
            where to_regclass(parent || to_char(day, '"_y"YYYY"m"MM')) is null and $1 is not null
            """
        ),
        (
            "cached results that differ",
            """
            select format('%s of %s cached results that were compared differ from the stored ones.', differing, compared), last_differing_at,
                'Name them: jobs doctor --audit. Write them anew: jobs warm recommendations'
            from cache_truth where last_differing_at > $1 - interval '1 day'
            """
        ),
        ("rates dated in the future", OfTheFuture("rate", "exchange_rates v", "base || '/' || quote")),
        ("prices dated in the future", OfTheFuture("price", "prices v join assets a on a.id = v.asset_id", "a.symbol")),
        (
            "fundamentals dated in the future",
            OfTheFuture("row of fundamentals", "fundamentals v join assets a on a.id = v.asset_id", "a.symbol")
        ),
    ];

    private static string OfTheFuture(string what, string from, string key) =>
        $"""
            select format('The {what} of %s (%s) is dated in the future, as of %s, and is not used.', {key}, v.source, v.as_of), null::timestamptz,
                'Delete it, and store it again with its date: runs take the last one that is not dated in the future.'
            from {from} where v.as_of > $1 + interval '1 day 2 minutes' order by {key}, v.as_of
            """;

    public Task<IReadOnlyList<Finding>> FindAsync(CancellationToken ct) => FindAsync(null, ct);

    /// <summary>Finds what a role with fewer rights may see, and shows no rows of tables, whose values may be a user's.</summary>
    /// <param name="notChecked">Gets what PostgreSQL refused to show to the role, a phrase each.</param>
    /// <param name="ct">Ends the call.</param>
    public Task<IReadOnlyList<Finding>> FindVisibleAsync(ICollection<string> notChecked, CancellationToken ct) => FindAsync(notChecked, ct);

    private async Task<IReadOnlyList<Finding>> FindAsync(ICollection<string>? notChecked, CancellationToken ct)
    {
        List<Finding> findings = [];
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var before = time.GetUtcNow() - Patience;
        if (await ReadOnlyAsync(connection, ct) is { } readOnly)
            findings.Add(readOnly);
        foreach (var (subject, check) in Checks.Where(check => cache is not null || check.Query != Uncached))
        {
            try
            {
                await ReadAsync(connection, check, before, findings, ct);
            }
            catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege && notChecked is not null)
            {
                // The api's role has no right to read what it needs for nothing else; the command runs as the owner and checks it.
                notChecked.Add(subject);
            }
        }
        var (heard, lastSeen) = await new WorkerDirectory(dataSource, time).FindAsync(ct);
        if (heard == 0)
            findings.Add(
                new(
                    $"No jobs process was heard for {WorkerDirectory.Silence.TotalSeconds:F0} s: no night is computed.",
                    lastSeen,
                    "Start one: dotnet run --project Jobs, or the AppHost."
                )
            );
        findings.AddRange(await UnvalidatedConstraints.FindAsync(connection, notChecked is null ? Named : null, ct));
        if (await CacheTroubleAsync() is { } trouble)
            findings.Add(
                new(
                    $"The cache can't be used: {trouble}",
                    null,
                    "Start it, or correct ConnectionStrings:cache. Until then the dashboard answers from PostgreSQL."
                )
            );
        return findings;
    }

    private static async Task<Finding?> ReadOnlyAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = connection.Command(
            "select case when pg_is_in_recovery() then 'standby' when current_setting('default_transaction_read_only')::bool then 'set' end"
        );
        return await command.ExecuteScalarAsync(ct) switch
        {
            "standby" => new(
                "The database takes no writes: its server is a standby.",
                null,
                "Let ConnectionStrings:overnight name the primary, or promote this server: select pg_promote()."
            ),
            "set" => new(
                "The database takes no writes: default_transaction_read_only is on.",
                null,
                $"Once the reason is gone: alter database {new NpgsqlCommandBuilder().QuoteIdentifier(connection.Database)} set default_transaction_read_only = off "
                    + "(of a role: alter role .. reset default_transaction_read_only), and end its connections."
            ),
            _ => null,
        };
    }

    private static async Task ReadAsync(
        NpgsqlConnection connection,
        string check,
        DateTimeOffset before,
        List<Finding> findings,
        CancellationToken ct
    )
    {
        await using var command = connection.Command(check, before);
        await using var reader = await command.ExecuteReaderAsync(ct);
        for (var count = 1; await reader.ReadAsync(ct); count++)
        {
            if (count <= Named)
                findings.Add(
                    new(
                        reader.GetString(0),
                        await reader.IsDBNullAsync(1, ct) ? null : reader.GetFieldValue<DateTimeOffset>(1),
                        reader.GetString(2)
                    )
                );
            else if (count == Named + 1)
                findings.Add(new("There are more of this kind.", null, "Correct these, then run doctor again."));
        }
    }

    private async Task<string?> CacheTroubleAsync()
    {
        if (cache is null)
            return null;
        try
        {
            await cache.Value.PingAsync();
            return cache.Value.Refusal is { } refusal ? $"it takes no writes: {refusal}" : null;
        }
        catch (Exception exception) when (exception is CacheAwayException or InvalidOperationException)
        {
            // Reported as a finding: that the cache can't be used is what is checked.
            return exception.Message;
        }
    }
}
