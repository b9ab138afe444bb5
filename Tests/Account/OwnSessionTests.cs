using System.Net;
using Microsoft.AspNetCore.Http;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Protection;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Account;

/// <summary>SPEC E5: users see and end their own sessions, and no others.</summary>
public sealed class OwnSessionTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task E5_Sessions_AreListedNewestFirstWithWhereAndWhich()
    {
        await using var app = fixture.Another(("Proxies:Networks:0", "10.20.0.0/16"));
        var (user, email) = await app.Database.AddAccountAsync();
        var body = $$"""{"email":"{{email}}","password":"{{SignInHelp.Password}}"}""";
        await app.FromAsync(
            "10.20.0.1",
            HttpMethods.Post,
            "/api/sessions",
            body,
            ("X-Forwarded-For", "198.18.3.4"),
            ("User-Agent", new string('b', 250))
        );
        await app.FromAsync("::ffff:198.18.3.5", HttpMethods.Post, "/api/sessions", body, ("X-Forwarded-For", "192.0.2.1"));
        var token = await app.Database.AddSessionAsync(user);
        await app.Database.SignInAsync();

        using var answer = await app.GetAsync("/api/sessions", token, Ct);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var items = (await answer.JsonAsync()).GetProperty("items").EnumerateArray().ToList();
        // The last was made as if a day before it expires.
        Assert.Equal(
            [("198.18.3.5", null, false), ("198.18.3.4", new string('b', 200), false), (null, (string?)null, true)],
            items.Select(item =>
                (
                    item.GetProperty("address").GetString(),
                    item.GetProperty("userAgent").GetString(),
                    item.GetProperty("isCurrent").GetBoolean()
                )
            )
        );
        Assert.Equal(TestPeople.Hash(token), items[2].GetProperty("id").GetString());
    }

    [Fact]
    public async Task E5_Session_EndedFromAnother_IsRefused()
    {
        var (user, token) = await _app.Database.SignInAsync();
        var other = await _app.Database.AddSessionAsync(user);
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(other));

        using var ended = await _app.SendAsync(HttpMethod.Delete, $"/api/sessions/{TestPeople.Hash(other)}", token);

        Assert.Equal((HttpStatusCode.OK, 1), (ended.StatusCode, (await ended.JsonAsync()).GetProperty("sessions").GetInt32()));
        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.NotFound),
            (await _app.StatusAsync(other), await _app.StatusAsync(token))
        );
    }

    [Fact]
    public async Task C5_SessionOfAnotherUser_Is404AndGoesOn()
    {
        var (_, token) = await _app.Database.SignInAsync();
        var (_, others) = await _app.Database.SignInAsync();

        using var answer = await _app.SendAsync(HttpMethod.Delete, $"/api/sessions/{TestPeople.Hash(others)}", token);
        using var malformed = await _app.SendAsync(HttpMethod.Delete, "/api/sessions/x", token);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.BadRequest), (answer.StatusCode, malformed.StatusCode));
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(others));
        Assert.Equal(
            0,
            await _app.Database.ScalarAsync<long>(
                "select count(*) from sessions where token_hash = $1 and revoked_at is not null",
                TestPeople.Hash(others)
            )
        );
    }

    [Fact]
    public async Task E5_Others_EndAndTheOwnAndThoseOfOthersGoOn()
    {
        var (user, token) = await _app.Database.SignInAsync();
        string[] same = [await _app.Database.AddSessionAsync(user), await _app.Database.AddSessionAsync(user)];
        var (_, stranger) = await _app.Database.SignInAsync();
        foreach (var one in (string[])[token, .. same, stranger])
            Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(one));

        using var ended = await _app.SendAsync(HttpMethod.Delete, "/api/sessions/others", token);

        Assert.Equal(2, (await ended.JsonAsync()).GetProperty("sessions").GetInt32());
        foreach (var one in same)
            Assert.Equal(HttpStatusCode.Unauthorized, await _app.StatusAsync(one));
        foreach (var one in (string[])[token, stranger])
            Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(one));
    }
}
