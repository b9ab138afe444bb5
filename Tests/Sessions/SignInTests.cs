using System.Net;
using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Overnight.Api.Sessions;
using Overnight.Core.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Sessions;

/// <summary>SPEC E1, C1: a session for an e-mail address and its password.</summary>
public sealed class SignInTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SignIn_E1_RightPassword_TellsTheTokenOnceAndStoresItNowhere()
    {
        var (user, email) = await _app.Database.AddAccountAsync();

        using var answer = await _app.SignInAsync($" {email.ToUpperInvariant()}", SignInHelp.Password);

        Assert.Equal((HttpStatusCode.Created, "no-store"), (answer.StatusCode, answer.Headers.CacheControl?.ToString()));
        var signedIn = await answer.JsonAsync();
        var token = signedIn.GetProperty("token").GetString()!;
        Assert.Equal(
            (43, user, TestPeople.Hash(token)),
            (token.Length, signedIn.GetProperty("userId").GetGuid(), signedIn.GetProperty("id").GetString())
        );
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(token));
        Assert.Equal(
            0,
            await _app.Database.ScalarAsync<long>("select count(*) from sessions s where s::text like '%' || $1 || '%'", token)
        );
        Assert.Equal(
            signedIn.GetProperty("expiresAt").GetDateTimeOffset(),
            new DateTimeOffset(await _app.Database.ScalarAsync<DateTime>("select expires_at from sessions where user_id = $1", user))
        );
        Assert.Equal(
            TimeSpan.FromDays(30),
            await _app.Database.ScalarAsync<TimeSpan>(
                "select date_trunc('second', expires_at - created_at + interval '500 milliseconds') from sessions where user_id = $1",
                user
            )
        );
    }

    [Fact]
    public async Task SignIn_OfAPage_SetsACookieThatScriptsAndOtherSitesCanNotUse()
    {
        var (_, email) = await _app.Database.AddAccountAsync();

        using var answer = await _app.SignInAsync(email, SignInHelp.Password, cookie: true);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.False((await answer.JsonAsync()).TryGetProperty("token", out _));
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith($"{SessionCookie.DevelopmentName}=", cookie);
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/", cookie, StringComparison.OrdinalIgnoreCase);
        var sent = cookie[..cookie.IndexOf(';', StringComparison.Ordinal)];
        Assert.Equal(HttpStatusCode.NotFound, (await WithCookieAsync(HttpMethod.Get, "/api/dashboard", sent)).StatusCode);

        using var signedOut = await WithCookieAsync(HttpMethod.Delete, "/api/sessions/current", sent);
        Assert.Equal(HttpStatusCode.NoContent, signedOut.StatusCode);
        Assert.Contains("expires=Thu, 01 Jan 1970", Assert.Single(signedOut.Headers.GetValues("Set-Cookie")));
        Assert.Equal(HttpStatusCode.Unauthorized, (await WithCookieAsync(HttpMethod.Get, "/api/dashboard", sent)).StatusCode);
    }

    [Fact]
    public async Task SignIn_ThatFails_IsAnsweredAlikeWhateverTheReason()
    {
        var (_, email) = await _app.Database.AddAccountAsync();
        var withoutPassword = $"{await _app.Database.AddUserAsync():N}@test.example";
        var (banned, ofBanned) = await _app.Database.AddAccountAsync();
        await _app.Database.ExecuteAsync("update users set banned_at = now() where id = $1", banned);
        var (deleted, ofDeleted) = await _app.Database.AddAccountAsync();
        await _app.Database.ExecuteAsync("update users set deleted_at = now() where id = $1", deleted);

        HashSet<string> bodies = [];
        foreach (
            var (who, password) in ((string, string)[])
                [
                    (email, "not the password"),
                    ($"{Guid.NewGuid():N}@test.example", SignInHelp.Password),
                    (withoutPassword, SignInHelp.Password),
                    (ofBanned, SignInHelp.Password),
                    (ofDeleted, SignInHelp.Password),
                ]
        )
        {
            using var answer = await _app.SignInAsync(who, password);
            Assert.Equal(
                (HttpStatusCode.Unauthorized, "Bearer", "application/problem+json"),
                (answer.StatusCode, answer.Headers.WwwAuthenticate.ToString(), answer.Content.Headers.ContentType?.MediaType)
            );
            bodies.Add(
                string.Join(';', (await answer.JsonAsync()).EnumerateObject().Where(p => p.Name != "traceId").Select(p => p.ToString()))
            );
        }
        Assert.Single(bodies);
        Assert.Equal(
            0,
            await _app.Database.ScalarAsync<long>("select count(*) from sessions where user_id = any($1)", new[] { banned, deleted })
        );
    }

    /// <summary>The same work whatever the reason, without a clock: one verification of a hash with the iterations that all have.</summary>
    [Fact]
    public async Task SignIn_OfAnUnknownEMail_VerifiesAPasswordAllTheSame()
    {
        var (banned, ofBanned) = await _app.Database.AddAccountAsync();
        await _app.Database.ExecuteAsync("update users set banned_at = now() where id = $1", banned);
        var (_, email) = await _app.Database.AddAccountAsync();
        CountingHasher hasher = new();
        SignIn signIn = new(_app.Database, hasher, Options.Create(new UserSessionOptions()), TimeProvider.System);
        Assert.Equal(1, hasher.Hashed);

        foreach (
            var who in (string[])
                [$"{Guid.NewGuid():N}@test.example", $"{await _app.Database.AddUserAsync():N}@test.example", ofBanned, email]
        )
            Assert.Null(await signIn.TryAsync(who, "not the password", SessionOrigin.Unknown, "unknown", Ct));

        Assert.Equal((1, 4), (hasher.Hashed, hasher.Verified.Count));
        Assert.All(hasher.Verified, verified => Assert.Equal(PasswordRules.Iterations, Iterations(verified)));
    }

    [Fact]
    public async Task SignIn_OverAHashOfFewerIterations_RenewsIt()
    {
        var (user, email) = await _app.Database.AddAccountAsync(iterations: 1_000);
        async Task<int> IterationsAsync() =>
            Iterations(await _app.Database.ScalarAsync<string>("select password_hash from user_passwords where user_id = $1", user));
        using (var wrong = await _app.SignInAsync(email, "not the password"))
            Assert.Equal((HttpStatusCode.Unauthorized, 1_000), (wrong.StatusCode, await IterationsAsync()));

        using (var right = await _app.SignInAsync(email, SignInHelp.Password))
            Assert.Equal((HttpStatusCode.Created, PasswordRules.Iterations), (right.StatusCode, await IterationsAsync()));
        using (var again = await _app.SignInAsync(email, SignInHelp.Password))
            Assert.Equal(HttpStatusCode.Created, again.StatusCode);
    }

    [Theory]
    [InlineData("", "email", "is missing")]
    [InlineData("""{"email":"a@b.example"}""", "password", "is missing")]
    [InlineData("""{"email":null,"password":"sEcret-pw"}""", "email", "not null")]
    [InlineData("""{"email":"nobody","password":"sEcret-pw"}""", "email", "not \"nobody\"")]
    [InlineData("""{"email":"a\u0000@b.example","password":"sEcret-pw"}""", "email", "must be an e-mail address")]
    [InlineData("""{"email":"a b@c.example","password":"sEcret-pw"}""", "email", "must be an e-mail address")]
    [InlineData("""{"email":["a@b.example"],"password":"sEcret-pw"}""", "email", "must be an e-mail address")]
    [InlineData("""{"email":"a@b.example","password":""}""", "password", "must be a text of 1 to 256")]
    [InlineData("""{"email":"a@b.example","password":["sEcret-pw"]}""", "password", "must be a text of 1 to 256")]
    [InlineData("""{"email":"a@b.example","password":"sEcret-pw","cookie":"yes"}""", "cookie", "not \"yes\"")]
    [InlineData("""{"email":"a@b.example","password":"sEcret-pw","remember":true}""", "remember", "is not known")]
    [InlineData("""{"email":"a@b.example\ud800","password":"sEcret-pw"}""", "email", "Unicode")]
    [InlineData("""{"email":"a@b.example","password":"sEcret-pw\ud800"}""", "password", "Unicode")]
    [InlineData("""["a@b.example","sEcret-pw"]""", "body", "must be an object")]
    [InlineData("""{"email":"a@b.example","email":"c@d.example","password":"sEcret-pw"}""", "email", "must be given once")]
    [InlineData("""{"email":"a@b.example","password":"sEcret-pw","password":"sEcret-pw"}""", "password", "must be given once")]
    [InlineData("""{"email":"a@b.example","password":"sEcret-pw""", "body", "must be JSON")]
    public async Task SignIn_WithABodyThatCanNotBe_Is400ByFieldAndShowsNoPassword(string body, string field, string words)
    {
        using var answer = await _app.PostAsync("/api/sessions", body);

        Assert.Equal(
            (HttpStatusCode.BadRequest, "application/problem+json"),
            (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType)
        );
        Assert.Contains(
            words,
            Assert.Single((await answer.JsonAsync()).GetProperty("errors").GetProperty(field).EnumerateArray()).GetString()
        );
        Assert.DoesNotContain("sEcret-pw", await answer.Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public async Task SignIn_TooLongNotUtf8OrNotJson_IsTheClientsMistake()
    {
        using var tooLong = await _app.PostAsync("/api/sessions", $$"""{"email":"a@b.example","password":"{{new string('a', 257)}}"}""");
        using var huge = await _app.PostAsync("/api/sessions", $$"""{"email":"a@b.example","password":"{{new string('a', 5_000)}}"}""");
        using ByteArrayContent bytes = new([
            .. Encoding.UTF8.GetBytes("""{"email":"a@b.example","password":"a"""),
            0xff,
            0xfe,
            .. Encoding.UTF8.GetBytes("\"}"),
        ]);
        bytes.Headers.ContentType = new("application/json");
        using var notUtf8 = await _app.SendAsync(HttpMethod.Post, "/api/sessions", null, bytes);
        using var form = await _app.PostAsync("/api/sessions", "email=a%40b.example&password=x", type: "application/x-www-form-urlencoded");

        Assert.Equal(
            [HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.UnsupportedMediaType],
            ((HttpResponseMessage[])[tooLong, huge, notUtf8, form]).Select(answer => answer.StatusCode)
        );
    }

    private async Task<HttpResponseMessage> WithCookieAsync(HttpMethod method, string path, string cookie)
    {
        using HttpRequestMessage request = new(method, path);
        request.Headers.Add("Cookie", cookie);
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        return await _app.Http.SendAsync(request, Ct);
    }

    /// <summary>As version 3 of the framework's format has it: marker, function, iterations, ..</summary>
    private static int Iterations(string hash) =>
        System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(Convert.FromBase64String(hash).AsSpan(5));

    private sealed class CountingHasher : IPasswordHasher<string>
    {
        private readonly PasswordHasher<string> _hasher = SignInHelp.Hasher();

        public int Hashed { get; private set; }
        public List<string> Verified { get; } = [];

        public string HashPassword(string user, string password)
        {
            Hashed++;
            return _hasher.HashPassword(user, password);
        }

        public PasswordVerificationResult VerifyHashedPassword(string user, string hashedPassword, string providedPassword)
        {
            Verified.Add(hashedPassword);
            return _hasher.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }
}
