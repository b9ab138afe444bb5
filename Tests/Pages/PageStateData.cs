using Npgsql;
using Overnight.Core.Auditing;
using Overnight.Core.Caching;
using Overnight.Core.Portfolios;
using Overnight.Core.Sessions;
using Overnight.Tests.Dashboard;
using StackExchange.Redis;

namespace Overnight.Tests.Pages;

/// <summary>Makes what the pages of one user show: rows and a cached entry, at the time of the site's clock.</summary>
internal sealed class PageStateData(NpgsqlDataSource database, IDatabase cache, DateTimeOffset now)
{
    public const string Firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        Phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Safari/604.1";

    private readonly Dictionary<Delegate, Task> _made = [];

    public NpgsqlDataSource Database => database;

    /// <summary>Makes what several states show once.</summary>
    public async Task<T> OnceAsync<T>(Func<PageStateData, Task<T>> make)
    {
        if (!_made.TryGetValue(make, out var made))
            _made.Add(make, made = make(this));
        return await (Task<T>)made;
    }

    /// <returns>The user and the token of a session that began an hour ago.</returns>
    public async Task<(Guid User, string Token)> SignInAsync(string role = "user")
    {
        var user = await database.AddUserAsync(role);
        return (user, await AddSessionAsync(user, TimeSpan.FromHours(1), "127.0.0.1", Firefox));
    }

    public async Task<string> AddSessionAsync(Guid user, TimeSpan age, string? address, string? userAgent)
    {
        var token = SessionToken.Create();
        var created = (now - age).UtcDateTime;
        await database.ExecuteAsync(
            "insert into sessions (token_hash, user_id, created_at, expires_at, last_active_at, address, user_agent) values ($1, $2, $3, $4, $5, $6, $7)",
            TestPeople.Hash(token),
            user,
            created,
            created.AddDays(30),
            (now - age / 4).UtcDateTime,
            (object?)address ?? DBNull.Value,
            (object?)userAgent ?? DBNull.Value
        );
        return token;
    }

    public Task CacheAsync(Guid user, byte[] entry) => cache.StringSetAsync(CacheKeys.Recommendations(user), entry);

    /// <summary>One night of the user in PostgreSQL, with its first and last event.</summary>
    /// <param name="day">Its business date.</param>
    /// <param name="entry">The result; null where there is none.</param>
    /// <param name="failure">Why it failed.</param>
    /// <returns>The run.</returns>
    public async Task<Guid> AddNightAsync(
        Guid user,
        DateOnly day,
        byte[]? entry,
        string? failure = null,
        string market = "NYSE",
        int revision = 1
    )
    {
        var at = day.ToDateTime(new(12, 30), DateTimeKind.Utc);
        await database.ExecuteAsync("select ensure_month($1)", day);
        var run = await RunAsync(day, market, revision, at);
        if (entry is not null)
            await database.ExecuteAsync(
                "insert into calculation_results values ($1, $2, $3, 1, 0, $4, $5, $6)",
                user,
                day,
                run,
                at,
                entry,
                TestResults.Portfolio(user)
            );
        EventCodec codec = new();
        var ended = failure is null
            ? codec.Completed(TimeSpan.FromMilliseconds(0.4), new())
            : codec.Failed(TimeSpan.FromMilliseconds(0.2), CalculationStage.Score, failure);
        await database.ExecuteAsync(
            "insert into calculation_events values ($1, $2, $3, 1, $4, $5), ($1, $2, $3, 4, $4, $6)",
            day,
            run,
            user,
            at,
            codec.Started(3, new byte[16]),
            ended
        );
        return run;
    }

    /// <summary>The night's run, which other users may have too.</summary>
    private async Task<Guid> RunAsync(DateOnly day, string market, int revision, DateTime at)
    {
        await database.ExecuteAsync(
            """
            insert into overnight_job_runs (id, job_type, status, market, business_date, revision, trigger, started_at, completed_at, correlation_id)
            values ($1, 'scoring', 'completed', $2, $3, $4, 'manual', $5, $5, gen_random_uuid()) on conflict do nothing
            """,
            Guid.CreateVersion7(),
            market,
            day,
            revision,
            at
        );
        await using var command = database.CreateCommand(
            "select id from overnight_job_runs where job_type = 'scoring' and market = $1 and business_date = $2 and revision = $3"
        );
        foreach (var value in (object[])[market, day, revision])
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return (Guid)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>An administrator, a program with the admin key or an operator's command opened a result.</summary>
    public Task AddReadAsync(Guid user, Guid run, DateOnly day, string reader, TimeSpan ago) =>
        database.ExecuteAsync(
            "insert into result_reads (user_id, read_at, reader, run_id, business_date) values ($1, $2, $3, $4, $5)",
            user,
            (now - ago).UtcDateTime,
            reader,
            run,
            day
        );
}
