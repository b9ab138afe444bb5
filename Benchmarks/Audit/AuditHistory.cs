using Npgsql;
using Overnight.Core.Auditing;
using Overnight.Core.Market;

namespace Overnight.Benchmarks.Audit;

/// <param name="Nights">Past runs made, one a day.</param>
/// <param name="Events">Events there are of them; a little over what was asked for, since nights are whole.</param>
/// <param name="Asset">One that many calculations were with.</param>
/// <param name="User">One that every night computed.</param>
internal sealed record OldHistory(int Nights, int UsersPerNight, long Events, Guid Asset, Guid User, Guid LastRun);

/// <summary>
/// History as months of nights leave it: runs, batches, events, results and postings of the sizes that nights write, made
/// inside PostgreSQL from the rows that are there. It needs users and assets, and a migrated database.
/// </summary>
internal sealed class AuditHistory(NpgsqlDataSource database)
{
    private const int BatchSize = 500;

    /// <summary>Of a user with 30 holdings and 10 criteria. Random bytes, for the real ones do not compress either.</summary>
    private const int InputsBytes = 620,
        ScoresBytes = 200;

    /// <summary>Results do compress, three to one; these are random to the size that is left.</summary>
    private const int RecommendationsBytes = 2_400,
        PortfolioBytes = 500;

    /// <summary>Assets that one portfolio holds.</summary>
    private const int Holdings = 30;

    /// <summary>Different payloads to draw from: making random bytes for each event would take longer than writing them.</summary>
    private const int Samples = 64;

    // Users in the order of their ids, so that a batch is a range of them, as the pipeline cuts it.
    private static string Users(int count) =>
        $"""
            create temporary table old_users as
                select id, (row_number() over (order by id) - 1)::int as n from (select id from users where role = 'user' order by id limit {count}) u
            """;

    private const string Assets =
        "create temporary table old_assets as select id, (row_number() over (order by id) - 1)::int as n from assets";

    private static readonly string SamplesOf = $$"""
        create temporary table old_samples as
            select n, pg_temp.random_bytes(n, {{InputsBytes}}) as inputs, pg_temp.random_bytes(n, {{ScoresBytes}}) as scores,
                pg_temp.random_bytes(n, {{RecommendationsBytes}}) as recommendations, pg_temp.random_bytes(n, {{PortfolioBytes}}) as portfolio
            from generate_series(0, {{Samples - 1}}) n
        """;

    // Hashes in a row: as random as storage and compression can tell.
    private const string RandomBytes = """
        create function pg_temp.random_bytes(seed int, size int) returns bytea language sql as $$
            select substring(string_agg(decode(md5(seed::text || '/' || i::text), 'hex'), ''::bytea) from 1 for size) from generate_series(1, size / 16 + 1) i
        $$
        """;

    private const string Snapshot =
        "insert into market_snapshots (id, market, business_date, taken_at, payload) values ($1, 'NYSE', $2, $3, $4)";

    private const string Run = """
        insert into overnight_job_runs (id, job_type, status, market, business_date, revision, trigger, started_at, planned_at, completed_at, snapshot_id, users_total, users_processed, correlation_id, metrics)
        select $1, 'scoring', 'completed', 'NYSE', $2, 1 + coalesce(max(revision), 0), 'schedule', $3, $3, $3 + interval '30 seconds', $4, $5, $5, $1, '{}'
        from overnight_job_runs where job_type = 'scoring' and market = 'NYSE' and business_date = $2
        """;

    private static readonly string Batches = $"""
        insert into run_batches (run_id, number, first_user, last_user, size, status, users_processed, completed_at, cached_at)
        select $1, n / {BatchSize}, min(id::text)::uuid, max(id::text)::uuid, count(*), 'done', count(*), $2, $2 from old_users group by n / {BatchSize}
        """;

    private static readonly string Events = $"""
        insert into calculation_events (business_date, run_id, user_id, type, occurred_at, payload)
        select $1, $2, u.id, t.type, $3, case t.type when 1 then $4 when 2 then s.inputs when 3 then s.scores else $5 end
        from old_users u join old_samples s on s.n = (u.n + $6) % {Samples} cross join generate_series(1, 4) t(type) order by u.id, t.type
        """;

    private static readonly string Results = $"""
        insert into calculation_results (user_id, business_date, run_id, batch, position, generated_at, recommendations, portfolio)
        select u.id, $1, $2, u.n / {BatchSize}, u.n % {BatchSize}, $3, s.recommendations, s.portfolio
        from old_users u join old_samples s on s.n = (u.n + $4) % {Samples} order by u.id
        """;

    // Every user holds thirty of the assets: a bitmap has a bit in so many, and each asset one of that many bitmaps.
    private static readonly string Bitmaps = $$"""
        create temporary table old_bitmaps as
            select shift, string_agg(set_byte('\x00'::bytea, 0, mask), ''::bytea order by at) as bits from (
                select shift, at, sum(case when (at * 8 + bit + shift) % step = 0 then 1 << bit else 0 end)::int as mask
                from (select greatest(1, count(*)::int / {{Holdings}}) as step from old_assets) s
                cross join generate_series(0, step - 1) shift cross join generate_series(0, ({{BatchSize}} - 1) / 8) at cross join generate_series(0, 7) bit
                group by shift, at) bytes group by shift
        """;

    // Of a last batch that is smaller only the bytes that it fills.
    private static readonly string AssetBitmaps = $$"""
        insert into asset_postings (business_date, asset_id, run_id, batch, positions)
        select $1, a.id, $2, b.batch, substring(m.bits from 1 for (b.size + 7) / 8)
        from old_assets a cross join (select n / {{BatchSize}} as batch, count(*)::int as size from old_users group by 1) b
        join old_bitmaps m on m.shift = (a.n + $3) % (select count(*) from old_bitmaps)
        order by a.id, b.batch
        """;

    /// <param name="events">How many, about.</param>
    /// <param name="months">Over how many months up to the current one; nights are on its weekdays.</param>
    /// <param name="before">Nights are on days before this one.</param>
    public async Task<OldHistory> FillAsync(
        long events,
        int months,
        DateOnly before,
        IProgress<(int Done, int Total)>? progress,
        CancellationToken ct
    )
    {
        var days = Days(before, months);
        await using var connection = await database.OpenConnectionAsync(ct);
        var users = (int)
            Math.Clamp(
                events / 4 / days.Count,
                1,
                await ScalarAsync<long>(connection, "select count(*) from users where role = 'user'", ct)
            );
        // More nights a day, as revisions, where there are fewer users than it takes.
        var revisions = (int)Math.Max(1, events / 4 / users / days.Count);
        // Written once and thrown away with the folder; what is measured comes later.
        await ExecuteAsync(connection, "set synchronous_commit = off", ct);
        await ExecuteAsync(connection, RandomBytes, ct);
        await ExecuteAsync(
            connection,
            $"drop table if exists old_users, old_assets, old_samples, old_bitmaps; {Users(users)}; {Assets}",
            ct
        );
        await ExecuteAsync(connection, SamplesOf, ct);
        await ExecuteAsync(connection, Bitmaps, ct);

        EventCodec codec = new();
        var (started, completed) = (codec.Started(0, []), CompletedPayload(codec));
        var total = days.Count * revisions;
        Guid last = default;
        for (var night = 0; night < total; night++)
        {
            last = await FillAsync(connection, days[night / revisions], night, users, started, completed, ct);
            progress?.Report((night + 1, total));
        }
        var (asset, user) = (
            await ScalarAsync<Guid>(connection, "select id from old_assets where n = 0", ct),
            await ScalarAsync<Guid>(connection, "select id from old_users order by id limit 1", ct)
        );
        await ExecuteAsync(connection, "reset synchronous_commit; drop table old_users, old_assets, old_samples, old_bitmaps", ct);
        return new(total, users, 4L * users * total, asset, user, last);
    }

    private static async Task<Guid> FillAsync(
        NpgsqlConnection connection,
        DateOnly day,
        int night,
        int users,
        byte[] started,
        byte[] completed,
        CancellationToken ct
    )
    {
        var at = new DateTimeOffset(day.ToDateTime(new(11, 30)), TimeSpan.Zero).AddMinutes(night % 60);
        var (run, snapshot) = (Guid.CreateVersion7(at), Guid.CreateVersion7(at));
        MarketSnapshotHeader header = new(snapshot, "NYSE", day, at, null, null);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, "select ensure_month($1)", ct, day);
        await ExecuteAsync(
            connection,
            Snapshot,
            ct,
            snapshot,
            day,
            at,
            MarketSnapshotCodec.Encode(new(header, [], new Dictionary<(string, string), decimal>()))
        );
        await ExecuteAsync(connection, Run, ct, run, day, at, snapshot, users);
        await ExecuteAsync(connection, Batches, ct, run, at);
        await ExecuteAsync(connection, Events, ct, day, run, at, started, completed, night);
        await ExecuteAsync(connection, Results, ct, day, run, at, night);
        await ExecuteAsync(connection, AssetBitmaps, ct, day, run, night);
        await transaction.CommitAsync(ct);
        return run;
    }

    /// <summary>Weekdays of the months up to the one of <paramref name="before"/>, oldest first.</summary>
    private static List<DateOnly> Days(DateOnly before, int months)
    {
        var first = new DateOnly(before.Year, before.Month, 1).AddMonths(1 - months);
        var days = Enumerable
            .Range(0, before.DayNumber - first.DayNumber)
            .Select(first.AddDays)
            .Where(d => d.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday))
            .ToList();
        return days.Count > 0 ? days : [before.AddDays(-1)];
    }

    private static byte[] CompletedPayload(EventCodec codec) => codec.Completed(TimeSpan.FromMicroseconds(120), new());

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = 0 };
        return (T)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = 0 };
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }
}
