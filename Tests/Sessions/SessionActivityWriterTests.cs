using System.Net;
using Npgsql;
using Overnight.Api.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Sessions;

/// <summary>SPEC E2: by activity sessions are warmed newest first; it is written back in batches, and never by a request.</summary>
public sealed class SessionActivityWriterTests(TestServers servers)
{
    private const string Write = "update sessions s set last_active_at",
        LastActive = "select last_active_at from sessions where token_hash = $1";

    private readonly TestClock _time = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_OfManySessions_AreWrittenByTheLoopInOneStatement()
    {
        await using var app = await AppAsync();
        List<string> tokens = [];
        for (var i = 0; i < 5; i++)
            tokens.Add(await AddSessionAsync(app));
        await Eventually.TrueAsync(() => _time.Timers > 0, "the loops wait");
        _time.Advance(TimeSpan.FromSeconds(10));
        for (var i = 0; i < 3; i++)
        {
            foreach (var token in tokens)
                Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(token));
        }
        var active = _time.GetUtcNow();
        Assert.Equal(0, app.Queries.Count(Write));

        _time.Advance(TimeSpan.FromMinutes(5));

        await Eventually.TrueAsync(async () => await LastActiveAsync(app, tokens[4]) == active, "the loop has written");
        foreach (var token in tokens)
            Assert.Equal(active, await LastActiveAsync(app, token));
        Assert.Equal(1, app.Queries.Count(Write));
    }

    [Fact]
    public async Task Write_OfThousands_GoesInBatchesAndNeverBackInTime()
    {
        await using var app = await AppAsync();
        var user = await app.Database.AddUserAsync();
        await app.Database.ExecuteAsync(
            """
            insert into sessions (token_hash, user_id, created_at, expires_at, last_active_at)
            select lpad(to_hex(i), 64, '0'), $1, $2, $2 + interval '1 day', $2 + case when i = 7 then interval '1 hour' else interval '0' end from generate_series(1, 2500) i
            """,
            user,
            _time.GetUtcNow().UtcDateTime
        );
        _time.Advance(TimeSpan.FromMinutes(1));
        var (activity, known) = (app.Get<SessionActivityWriter>(), app.Get<TokenOwners>());
        for (var i = 0; i <= 2_500; i++)
            known.Remember($"{i:x64}", user, DateTimeOffset.MaxValue).Use(_time.GetUtcNow());

        // All but the one that another node has seen later, and the one that is not there.
        Assert.Equal(2_499, await activity.WriteAsync(Ct));

        Assert.Equal(3, app.Queries.Count(Write));
        Assert.Equal(_time.GetUtcNow().UtcDateTime, await app.Database.ScalarAsync<DateTime>(LastActive, $"{2_500:x64}"));
        Assert.Equal(0, await activity.WriteAsync(Ct));
        Assert.Equal(3, app.Queries.Count(Write));
    }

    [Fact]
    public async Task Write_ThatFails_IsMadeUpForByTheNext()
    {
        await using var app = await AppAsync();
        var token = await AddSessionAsync(app);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(token));
        await app.Database.ExecuteAsync("alter table sessions rename to sessions_away");
        await Assert.ThrowsAsync<PostgresException>(() => app.Get<SessionActivityWriter>().WriteAsync(Ct));
        await app.Database.ExecuteAsync("alter table sessions_away rename to sessions");

        Assert.Equal(1, await app.Get<SessionActivityWriter>().WriteAsync(Ct));

        Assert.Equal(_time.GetUtcNow(), await LastActiveAsync(app, token));
    }

    [Fact]
    public void Sessions_MoreThanAreKept_AreNoLongerKnownButTheirUsesAreStillToBeWritten()
    {
        TokenOwners known = new();
        known.Remember($"{0:x64}", Guid.NewGuid(), DateTimeOffset.MaxValue).Use(_time.GetUtcNow());
        for (var i = 1; i < 250_000; i++)
            known.Remember($"{i:x64}", Guid.NewGuid(), DateTimeOffset.MaxValue);
        Assert.False(known.TryGet($"{0:x64}", out _));

        var session = Assert.Single(known.Unwritten());

        Assert.Equal($"{0:x64}", session.Hash);
        session.Written(_time.GetUtcNow());
        Assert.Empty(known.Unwritten());
        session.Use(_time.GetUtcNow().AddMinutes(1));
        Assert.Empty(known.Unwritten());
    }

    [Fact]
    public async Task Stop_OfANode_WritesWhatIsLeft()
    {
        var database = await servers.CreateDatabaseAsync(Ct);
        string token;
        DateTimeOffset active;
        await using (ApiApp app = new(database, await servers.CacheConnectionStringAsync(Ct), _time))
        {
            token = await AddSessionAsync(app);
            await Eventually.TrueAsync(() => _time.Timers > 0, "the loops wait");
            _time.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(token));
            active = _time.GetUtcNow();
        }
        await using var source = NpgsqlDataSource.Create(database);
        Assert.Equal(active.UtcDateTime, await source.ScalarAsync<DateTime>(LastActive, TestPeople.Hash(token)));
    }

    private async Task<ApiApp> AppAsync() =>
        new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct), _time);

    private async Task<string> AddSessionAsync(ApiApp app)
    {
        var token = await app.Database.AddSessionAsync(await app.Database.AddUserAsync(), _time.GetUtcNow().AddHours(1));
        await app.Database.ExecuteAsync("update sessions set last_active_at = created_at where token_hash = $1", TestPeople.Hash(token));
        return token;
    }

    private static async Task<DateTimeOffset> LastActiveAsync(ApiApp app, string token) =>
        new(await app.Database.ScalarAsync<DateTime>(LastActive, TestPeople.Hash(token)));
}
