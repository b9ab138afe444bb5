using System.Net;
using System.Text;
using Overnight.Api.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Protection;

/// <summary>A page of another site can't change anything with the cookie that a browser adds by itself.</summary>
public sealed class ForeignPageTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Origin", "https://elsewhere.example")]
    [InlineData("Origin", "http://localhost.elsewhere.example")]
    [InlineData("Origin", "http://localhost:81")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "localhost")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task Change_ByCookieFromAnotherSite_Is403AndChangesNothing(string header, string value)
    {
        var (_, token) = await _app.Database.SignInAsync();

        using var refused = await SignOutAsync(token, (header, value));

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains($"{header} is '{value}'", (await refused.JsonAsync()).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(token));
    }

    [Theory]
    [InlineData("Origin", "http://localhost")]
    [InlineData("Origin", "http://LOCALHOST:80")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    public async Task Change_ByCookieFromAnOwnPage_IsMade(string header, string value)
    {
        var (_, token) = await _app.Database.SignInAsync();

        using var answer = await SignOutAsync(token, (header, value));

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    /// <summary>It can't be told where it is from.</summary>
    [Fact]
    public async Task Change_ByCookieWithNeitherHeader_Is403AndChangesNothing()
    {
        var (_, token) = await _app.Database.SignInAsync();
        foreach (var name in (string[])[SessionCookie.DevelopmentName, SessionCookie.Name])
        {
            using HttpRequestMessage request = new(HttpMethod.Delete, "/api/sessions/current");
            request.Headers.Add("Cookie", $"{name}={token}");
            using var refused = await _app.Http.SendAsync(request, Ct);

            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(token));
        }
    }

    /// <summary>No page of another site can add the header of the admin key.</summary>
    [Fact]
    public async Task Change_ByAdminKeyBesideACookie_IsMade()
    {
        await using var app = fixture.Another(("Admin:Key", "0123456789012345678901234567890123456789"));
        var (user, token) = await app.Database.SignInAsync();
        using HttpRequestMessage request = new(HttpMethod.Delete, $"/api/admin/users/{user}/sessions");
        request.Headers.Add("Cookie", $"{SessionCookie.DevelopmentName}={token}");
        request.Headers.Add(AdminKeyHandler.Header, "0123456789012345678901234567890123456789");

        using var answer = await app.Http.SendAsync(request, Ct);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Change_ByAuthorization_IsMadeWhateverOriginSays()
    {
        var (_, token) = await _app.Database.SignInAsync();
        using HttpRequestMessage request = new(HttpMethod.Delete, "/api/sessions/current");
        request.Headers.Add("Authorization", $"Bearer {token}");
        request.Headers.Add("Origin", "https://elsewhere.example");

        using var answer = await _app.Http.SendAsync(request, Ct);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/json")]
    public async Task SignIn_FromAnotherSite_Is403WhateverTheContentType(string? type)
    {
        var (_, email) = await _app.Database.AddAccountAsync();
        using ByteArrayContent body = new(
            Encoding.UTF8.GetBytes($$"""{"email":"{{email}}","password":"{{SignInHelp.Password}}","cookie":true}""")
        );
        body.Headers.ContentType = type is null ? null : new(type);
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/sessions") { Content = body };
        request.Headers.Add("Origin", "https://elsewhere.example");

        using var answer = await _app.Http.SendAsync(request, Ct);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    private async Task<HttpResponseMessage> SignOutAsync(string token, (string Name, string Value) header)
    {
        using HttpRequestMessage request = new(HttpMethod.Delete, "/api/sessions/current");
        request.Headers.Add("Cookie", $"{SessionCookie.DevelopmentName}={token}");
        request.Headers.Add(header.Name, header.Value);
        return await _app.Http.SendAsync(request, Ct);
    }
}
