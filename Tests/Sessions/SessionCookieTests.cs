using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Overnight.Api.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Protection;

namespace Overnight.Tests.Sessions;

/// <summary>SPEC C1: the flags of the session's cookie, over HTTP as at a desk and over HTTPS as elsewhere, when it is set and when it is
/// taken back.</summary>
public sealed class SessionCookieTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http", false, SessionCookie.DevelopmentName)]
    [InlineData("https", true, SessionCookie.Name)]
    public async Task Cookie_C1_OfASession_HasItsFlags(string scheme, bool isSecure, string name)
    {
        var (user, email) = await _app.Database.AddAccountAsync();
        using StringContent body = new(
            $$"""{"email":"{{email}}","password":"{{SignInHelp.Password}}","cookie":true}""",
            Encoding.UTF8,
            "application/json"
        );

        using var signedIn = await _app.Http.PostAsync($"{scheme}://localhost/api/sessions", body, Ct);

        Assert.Equal(HttpStatusCode.Created, signedIn.StatusCode);
        var cookie = Of(signedIn, isSecure, name);
        Assert.Equal(
            await _app.Database.ScalarAsync<DateTime>("select date_trunc('second', expires_at) from sessions where user_id = $1", user),
            cookie.Expires!.Value.UtcDateTime
        );

        using HttpRequestMessage signOut = new(HttpMethod.Delete, $"{scheme}://localhost/api/sessions/current");
        signOut.Headers.Add("Cookie", $"{cookie.Name}={cookie.Value}");
        signOut.Headers.Add("Sec-Fetch-Site", "same-origin");
        using var signedOut = await _app.Http.SendAsync(signOut, Ct);

        Assert.Equal(HttpStatusCode.NoContent, signedOut.StatusCode);
        Assert.Equal(DateTimeOffset.UnixEpoch, Of(signedOut, isSecure, name).Expires);
    }

    [Theory]
    [InlineData("https", SessionCookie.DevelopmentName)]
    [InlineData("http", SessionCookie.Name)]
    public async Task Cookie_OfTheOtherScheme_IsNotRead(string scheme, string name)
    {
        var (_, token) = await _app.Database.SignInAsync();
        foreach (var path in (string[])["/api/dashboard", "/dashboard", "/api/dashboard"])
        {
            using HttpRequestMessage request = new(HttpMethod.Get, $"{scheme}://localhost{path}");
            request.Headers.Add("Cookie", $"{name}={token}");
            using var answer = await _app.Http.SendAsync(request, Ct);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            // This node knows the session, as when it is used as a bearer token.
            Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(token));
        }
    }

    [Theory]
    [InlineData("Production", "127.0.0.1")]
    [InlineData("Development", "198.51.100.7")]
    public async Task SignIn_ByCookieOverHttpElsewhere_IsRefusedInASentenceAndTheCookieIsNotRead(string environment, string address)
    {
        await using var app = fixture.Another(("environment", environment));
        var (_, email) = await _app.Database.AddAccountAsync();
        var (_, token) = await _app.Database.SignInAsync();
        var body = $$"""{"email":"{{email}}","password":"{{SignInHelp.Password}}","cookie":true}""";

        var refused = await app.FromAsync(address, HttpMethods.Post, "/api/sessions", body);
        var unread = await app.FromAsync(
            address,
            HttpMethods.Get,
            "/api/dashboard",
            null,
            ("Cookie", $"{SessionCookie.DevelopmentName}={token}")
        );
        var program = await app.FromAsync(
            address,
            HttpMethods.Post,
            "/api/sessions",
            body.Replace("true", "false", StringComparison.Ordinal)
        );

        Assert.Equal((400, 401, 201), (refused.Response.StatusCode, unread.Response.StatusCode, program.Response.StatusCode));
        Assert.False(refused.Response.Headers.ContainsKey("Set-Cookie"));
        using StreamReader text = new(refused.Response.Body);
        Assert.Contains("over https", await text.ReadToEndAsync(Ct), StringComparison.Ordinal);
    }

    private static SetCookieHeaderValue Of(HttpResponseMessage answer, bool isSecure, string name)
    {
        var cookie = SetCookieHeaderValue.Parse(Assert.Single(answer.Headers.GetValues("Set-Cookie")));
        Assert.Equal(
            (name, true, isSecure, Microsoft.Net.Http.Headers.SameSiteMode.Strict, "/", null),
            (cookie.Name.Value, cookie.HttpOnly, cookie.Secure, cookie.SameSite, cookie.Path.Value, cookie.Domain.Value)
        );
        return cookie;
    }
}
