using System.Net;
using System.Text.Json;
using Overnight.Api.Sessions;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Sessions;

public sealed class SessionTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Path = "/api/dashboard";
    private readonly ApiApp _app = fixture.App;

    [Fact]
    public async Task Request_WithoutToken_Is401WithoutAnErrorCode()
    {
        using var response = await _app.GetAsync(Path);
        await RefusedAsync(response, "missing");
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
    }

    public static TheoryData<string> Malformed =>
        [
            "Bearer",
            "Bearer ",
            "Bearer x",
            $"Bearer {new string('A', 42)}",
            $"Bearer {new string('A', 44)}",
            $"Bearer {new string('A', 42)}+",
            $"Bearer {new string('A', 42)}=",
            $"Bearer  {new string('A', 42)}",
            $"Bearer {new string('A', 20_000)}",
            $"Bearer {new string('é', 43)}",
            $"Bearer {new string('\u0416', 43)}",
            "Basic dXNlcjpwYXNz",
            "' or 1=1 --",
            $"{new string('A', 43)}",
        ];

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Request_MalformedToken_Is401(string header)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, Path);
        Assert.True(request.Headers.TryAddWithoutValidation("Authorization", header));
        using var response = await _app.Http.SendAsync(request);
        await RefusedAsync(response, "malformed");
        Assert.Contains("invalid_token", response.Headers.WwwAuthenticate.ToString());
    }

    [Theory]
    [InlineData("unknown")]
    [InlineData("expired")]
    [InlineData("revoked")]
    [InlineData("closed", "deleted_at")]
    [InlineData("closed", "banned_at")]
    public async Task Request_SessionThatIsNotValid_Is401WithItsReason(string what, string? mark = null)
    {
        var userId = await _app.Database.AddUserAsync();
        var now = TimeProvider.System.GetUtcNow();
        var token = what switch
        {
            "unknown" => SessionToken.Create(),
            "expired" => await _app.Database.AddSessionAsync(userId, expires: now.AddSeconds(-1)),
            "revoked" => await _app.Database.AddSessionAsync(userId, revoked: now),
            _ => await _app.Database.AddSessionAsync(userId),
        };
        if (mark is not null)
            await _app.Database.ExecuteAsync($"update users set {mark} = now() where id = $1", userId);

        using var response = await _app.GetAsync(Path, token);
        await RefusedAsync(response, what);
        Assert.Contains("error=\"invalid_token\"", response.Headers.WwwAuthenticate.ToString());
        Assert.False(await _app.Cache.KeyExistsAsync(CacheKeys.Session(TestPeople.Hash(token))));
    }

    [Fact]
    public async Task Request_Cookie_SignsInAndBearerDecidesWhenBothAreThere()
    {
        var (userId, token) = await ReadyAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(cookie: token));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(cookie: token, bearer: SessionToken.Create()));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(cookie: "garbage", bearer: token));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(cookie: "garbage"));
        Assert.NotEqual(Guid.Empty, userId);

        async Task<HttpStatusCode> StatusAsync(string cookie, string? bearer = null)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, Path);
            request.Headers.Add("Cookie", $"theme=dark; {SessionCookie.DevelopmentName}={cookie}");
            if (bearer is not null)
                request.Headers.Authorization = new("Bearer", bearer);
            using var response = await _app.Http.SendAsync(request);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Request_E1_Second_IsValidatedFromTheCache()
    {
        var (_, token) = await ReadyAsync();
        await using var own = fixture.Another();
        (await own.GetAsync(Path, token)).Dispose();
        (await own.GetAsync(Path, token)).Dispose();
        Assert.Equal(1, own.Queries.Count("from sessions"));
    }

    [Theory]
    [InlineData(3600, 300)]
    [InlineData(60, 60)]
    public async Task Session_E1_Cached_LivesFiveMinutesAndNeverPastItsExpiry(int secondsLeft, int longest)
    {
        var userId = await _app.Database.AddUserAsync();
        var token = await _app.Database.AddSessionAsync(userId, TimeProvider.System.GetUtcNow().AddSeconds(secondsLeft));
        (await _app.GetAsync(Path, token)).Dispose();
        Assert.InRange(
            (await _app.Cache.KeyTimeToLiveAsync(CacheKeys.Session(TestPeople.Hash(token))))!.Value.TotalSeconds,
            longest - 45,
            longest
        );
    }

    [Fact]
    public async Task Session_ExpiredWhileCached_IsRefused()
    {
        var (user, token) = await ReadyAsync();
        var (hash, now) = (TestPeople.Hash(token), TimeProvider.System.GetUtcNow());
        ActiveSession brief = new(user, false, null, now.AddMilliseconds(300));
        await StoreAsync(hash, (await _app.Get<SessionSigningKeys>().GetAsync(default)).Write(brief, hash, now, now)!.Value.Value);

        await Eventually.TrueAsync(
            async () =>
            {
                using var response = await _app.GetAsync(Path, token);
                return response.StatusCode == HttpStatusCode.Unauthorized;
            },
            "its expiry has come"
        );
        using var refused = await _app.GetAsync(Path, token);
        await RefusedAsync(refused, "expired");
    }

    /// <summary>SPEC E1: what a stranger who can write the cache puts there signs nobody in, and nobody gets another role by it.</summary>
    [Theory]
    [InlineData("forged")]
    [InlineData("forged for a user that does not exist")]
    [InlineData("with its role changed")]
    [InlineData("replayed after its expiry")]
    [InlineData("replayed five minutes later")]
    [InlineData("of another token")]
    public async Task Session_E1_WrittenByAStranger_Is401(string what)
    {
        var (user, _) = await ReadyAsync();
        // Nobody issued this token.
        var token = SessionToken.Create();
        var (hash, now) = (TestPeople.Hash(token), TimeProvider.System.GetUtcNow());
        var key = CacheKeys.Session(hash);
        var signer = await _app.Get<SessionSigningKeys>().GetAsync(default);
        CachedSessionSigner stranger = new([System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)]);
        ActiveSession session = new(user, false, null, now.AddHours(1));
        var other = TestPeople.Hash(SessionToken.Create());
        await StoreAsync(
            hash,
            what switch
            {
                "forged" => stranger.Write(session with { IsAdmin = true }, hash, now, now)!.Value.Value,
                "forged for a user that does not exist" => stranger
                    .Write(session with { UserId = Guid.NewGuid() }, hash, now, now)!
                    .Value.Value,
                "with its role changed" => CacheEntry.Write(
                    key,
                    now,
                    0,
                    System.Text.Encoding.ASCII.GetBytes(
                        System
                            .Text.Encoding.ASCII.GetString(
                                CacheEntry.Read(signer.Write(session, hash, now, now)!.Value.Value, key)!.Value.Span
                            )
                            .Replace("\"admin\":false", "\"admin\":true", StringComparison.Ordinal)
                    )
                ),
                "replayed after its expiry" => signer
                    .Write(session with { ExpiresAt = now.AddMinutes(-1) }, hash, now.AddMinutes(-2), now.AddMinutes(-2))!
                    .Value.Value,
                "replayed five minutes later" => signer.Write(session, hash, now.AddMinutes(-6), now.AddMinutes(-6))!.Value.Value,
                _ => signer.Write(session, other, now, now)!.Value.Value,
            }
        );

        foreach (var path in (string[])[Path, "/api/runs"])
        {
            using var response = await _app.GetAsync(path, token);
            await RefusedAsync(response, what == "replayed after its expiry" ? "expired" : "unknown");
        }
    }

    [Fact]
    public async Task Session_CachedUnderAnotherKeyOrDamaged_IsAMiss()
    {
        await using var app = fixture.Another(("Sessions:MemoryTtl", "00:00:00"));
        var (_, token) = await ReadyAsync();
        var (hash, now) = (TestPeople.Hash(token), TimeProvider.System.GetUtcNow());
        var signer = await _app.Get<SessionSigningKeys>().GetAsync(default);
        ActiveSession admin = new(Guid.CreateVersion7(), true, null, now.AddHours(1));
        var others = signer.Write(admin, TestPeople.Hash(SessionToken.Create()), now, now)!.Value.Value;
        foreach (var value in (byte[][])[others, [], [1, 2, 3], new byte[100]])
        {
            await StoreAsync(hash, value);
            using var response = await app.GetAsync(Path, token);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            using var forbidden = await app.GetAsync("/api/runs", token);
            Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
        }
    }

    [Fact]
    public async Task Revoke_E1_CachedSession_EndsItAtOnce()
    {
        var (_, token) = await ReadyAsync();
        using (var before = await _app.GetAsync(Path, token))
            Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        await _app.Get<SessionRevocation>().RevokeAsync(TestPeople.Hash(token), Actor.Command);
        using var after = await _app.GetAsync(Path, token);
        await RefusedAsync(after, "revoked");
    }

    [Fact]
    public async Task Request_SessionGuessedToBeAnothers_AnswersItsOwnUser()
    {
        var (userId, token) = await ReadyAsync();
        var (other, _) = await ReadyAsync();
        await using var own = fixture.Another();
        own.Get<TokenOwners>().Remember(TestPeople.Hash(token), other, DateTimeOffset.MaxValue);
        using var response = await own.GetAsync(Path, token);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(userId, answer.RootElement.GetProperty("data").GetProperty("userId").GetGuid());

        var revoked = await own.Database.AddSessionAsync(other, revoked: TimeProvider.System.GetUtcNow());
        own.Get<TokenOwners>().Remember(TestPeople.Hash(revoked), other, DateTimeOffset.MaxValue);
        using var refused = await own.GetAsync(Path, revoked);
        await RefusedAsync(refused, "revoked");
    }

    [Fact]
    public async Task Request_GarbageToken_AsksNoServer()
    {
        await using var own = fixture.Another();
        using var response = await own.GetAsync(Path, "garbage");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(0, own.Queries.Count("sessions"));
    }

    /// <summary>For as long as a stranger likes.</summary>
    private Task<bool> StoreAsync(string hash, byte[] entry) =>
        _app.Cache.StringSetAsync(CacheKeys.Session(hash), entry, TimeSpan.FromHours(1));

    private async Task<(Guid UserId, string Token)> ReadyAsync()
    {
        var (userId, token) = await _app.Database.SignInAsync();
        await _app.Cache.StringSetAsync(CacheKeys.Recommendations(userId), TestResults.Entry(userId));
        return (userId, token);
    }

    private static async Task RefusedAsync(HttpResponseMessage response, string what)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        Assert.Contains(what, problem.RootElement.GetProperty("title").GetString());
        Assert.Equal(401, problem.RootElement.GetProperty("status").GetInt32());
    }
}
