using System.Net;
using System.Text;
using Microsoft.Net.Http.Headers;
using Overnight.Api.Sessions;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Sessions;

/// <summary>SPEC C1: the flags of the session's cookie, over HTTP as at a desk and over HTTPS as elsewhere, when it is set and when it is
/// taken back.</summary>
public sealed class SessionCookieTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http", false)]
    [InlineData("https", true)]
    public async Task Cookie_C1_OfASession_HasItsFlags(string scheme, bool isSecure)
    {
        var (user, email) = await _app.Database.AddAccountAsync();
        using StringContent body = new(
            $$"""{"email":"{{email}}","password":"{{SignInHelp.Password}}","cookie":true}""",
            Encoding.UTF8,
            "application/json"
        );

        using var signedIn = await _app.Http.PostAsync($"{scheme}://localhost/api/sessions", body, Ct);

        Assert.Equal(HttpStatusCode.Created, signedIn.StatusCode);
        var cookie = Of(signedIn, isSecure);
        Assert.Equal(
            await _app.Database.ScalarAsync<DateTime>("select date_trunc('second', expires_at) from sessions where user_id = $1", user),
            cookie.Expires!.Value.UtcDateTime
        );

        using HttpRequestMessage signOut = new(HttpMethod.Delete, $"{scheme}://localhost/api/sessions/current");
        signOut.Headers.Add("Cookie", $"{cookie.Name}={cookie.Value}");
        using var signedOut = await _app.Http.SendAsync(signOut, Ct);

        Assert.Equal(HttpStatusCode.NoContent, signedOut.StatusCode);
        Assert.Equal(DateTimeOffset.UnixEpoch, Of(signedOut, isSecure).Expires);
    }

    private static SetCookieHeaderValue Of(HttpResponseMessage answer, bool isSecure)
    {
        var cookie = SetCookieHeaderValue.Parse(Assert.Single(answer.Headers.GetValues("Set-Cookie")));
        Assert.Equal(
            (SessionSetup.CookieName, true, isSecure, SameSiteMode.Strict, "/", null),
            (cookie.Name.Value, cookie.HttpOnly, cookie.Secure, cookie.SameSite, cookie.Path.Value, cookie.Domain.Value)
        );
        return cookie;
    }
}
