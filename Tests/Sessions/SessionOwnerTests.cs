using System.Net;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Sessions;

/// <summary>SPEC C5, E5: what is done for one user leaves the sessions and passwords of others alone.</summary>
public sealed class SessionOwnerTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task E5_SessionsOfAUser_AreListedAndEndedAlone()
    {
        var (_, admin) = await _app.Database.SignInAsync("admin");
        var (user, token) = await _app.Database.SignInAsync();
        var (other, others) = await _app.Database.SignInAsync();
        foreach (var one in (string[])[token, others])
            Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(one));

        using var listed = await _app.GetAsync($"/api/admin/users/{user}/sessions", admin, Ct);
        var item = Assert.Single((await listed.JsonAsync()).GetProperty("items").EnumerateArray());
        Assert.Equal(TestPeople.Hash(token), item.GetProperty("id").GetString());
        using var ended = await _app.SendAsync(HttpMethod.Delete, $"/api/admin/users/{user}/sessions", admin);

        Assert.Equal(1, (await ended.JsonAsync()).GetProperty("sessions").GetInt32());
        Assert.Equal(HttpStatusCode.Unauthorized, await _app.StatusAsync(token));
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(others));
        Assert.Equal(
            1,
            await _app.Database.ScalarAsync<long>("select count(*) from sessions where user_id = $1 and revoked_at is null", other)
        );
    }

    /// <summary>Sessions that were ended before are told to the cache once more: the user's, as long as a mark would stand.</summary>
    [Theory]
    [InlineData(9, true)]
    [InlineData(11, false)]
    public async Task E1_SessionEndedBefore_IsToldToTheCacheAgainAndNoOthers(int minutesAgo, bool isTold)
    {
        var (user, token) = await _app.Database.SignInAsync();
        var (other, others) = await _app.Database.SignInAsync();
        foreach (var one in (string[])[token, others])
            Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(one));
        await _app.Database.ExecuteAsync(
            "update sessions set revoked_at = now() - make_interval(mins => $2) where user_id = any ($1)",
            new[] { user, other },
            minutesAgo
        );

        await _app.Get<SessionRevocation>().RevokeOfUserAsync(user, Actor.Command);

        Assert.Equal(isTold, await IsMarkedAsync(token));
        Assert.False(await IsMarkedAsync(others));
    }

    /// <summary>A row that was copied: two accounts with one hash, of fewer iterations than all have.</summary>
    [Fact]
    public async Task E1_SignInOverAHashThatAnotherHasToo_IsTheOwnAndRenewsTheOwn()
    {
        var (user, email) = await _app.Database.AddAccountAsync(iterations: 1_000);
        var other = await _app.Database.AddUserAsync();
        await _app.Database.ExecuteAsync(
            "insert into user_passwords select $2, password_hash, now() from user_passwords where user_id = $1",
            user,
            other
        );
        var before = await HashAsync(other);

        using var answer = await _app.SignInAsync(email, SignInHelp.Password);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(user, (await answer.JsonAsync()).GetProperty("userId").GetGuid());
        Assert.Equal(
            [user],
            await _app.Database.ScalarAsync<Guid[]>(
                "select array(select user_id from sessions where user_id = any ($1))",
                new[] { user, other }
            )
        );
        Assert.NotEqual(before, await HashAsync(user));
        Assert.Equal(before, await HashAsync(other));
    }

    [Fact]
    public async Task E1_SignIn_TakesTheOwnPasswordAlone()
    {
        var (_, first) = await _app.Database.AddAccountAsync();
        var (second, other) = await _app.Database.AddAccountAsync();
        await _app.Database.ExecuteAsync(
            "update user_passwords set password_hash = $2 where user_id = $1",
            second,
            SignInHelp.Hasher().HashPassword(other, "another password")
        );

        foreach (
            var (email, password, status) in ((string, string, HttpStatusCode)[])
                [
                    (first, SignInHelp.Password, HttpStatusCode.Created),
                    (first, "another password", HttpStatusCode.Unauthorized),
                    (other, "another password", HttpStatusCode.Created),
                    (other, SignInHelp.Password, HttpStatusCode.Unauthorized),
                ]
        )
        {
            using var answer = await _app.SignInAsync(email, password);
            Assert.Equal(status, answer.StatusCode);
        }
    }

    /// <summary>By which freshness is told.</summary>
    [Fact]
    public async Task E1_MarketsOfASession_AreItsUsers()
    {
        var (user, token) = await _app.Database.SignInAsync();
        var other = await _app.Database.AddUserAsync();
        await _app.Database.ExecuteAsync("insert into user_markets (user_id, market) values ($1, 'LSE'), ($2, 'NYSE')", user, other);

        var found = await _app.Get<SessionReader>().FindAsync(TestPeople.Hash(token), false, Ct);

        Assert.Equal("LSE", found.Session!.Markets);
    }

    private async Task<bool> IsMarkedAsync(string token) =>
        CacheEntry.IsInvalidation((byte[]?)await _app.Cache.StringGetAsync(CacheKeys.Session(TestPeople.Hash(token))));

    private Task<string> HashAsync(Guid user) =>
        _app.Database.ScalarAsync<string>("select password_hash from user_passwords where user_id = $1", user);
}
