using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Overnight.Api.Sessions;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using StackExchange.Redis;

namespace Overnight.Tests.Protection;

/// <summary>Whose X-Forwarded-For and -Proto count.</summary>
public sealed class ProxyTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Forwarded = "X-Forwarded-For",
        Scheme = "X-Forwarded-Proto",
        Hsts = "Strict-Transport-Security";

    [Theory]
    [InlineData("198.18.1.7")]
    [InlineData("2001:db8:18:1::7")]
    public async Task ForwardedFor_OfAStranger_IsNotBelieved(string stranger)
    {
        await using var app = fixture.Another(
            ("Sessions:AttemptsPerAddress", "2"),
            ("Proxies:Networks:0", "10.20.0.0/16"),
            // Believes anybody, where it has its way.
            ("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true"),
            ("ForwardedHeaders_Enabled", "true")
        );

        Assert.Equal([401, 401, 429], await TriesAsync(app, stranger, "198.18.2.1", "198.18.3.1", "198.18.4.1"));
    }

    [Fact]
    public async Task ForwardedFor_WithoutProxies_IsNotBelieved()
    {
        await using var app = fixture.Another(("Sessions:AttemptsPerAddress", "2"), ("ForwardedHeaders_Enabled", "true"));

        Assert.Equal([401, 401, 429], await TriesAsync(app, "198.18.5.7", "198.18.6.1", "198.18.7.1", "198.18.8.1"));
    }

    [Theory]
    [InlineData("Proxies:Networks:0", "10.20.0.0/16", "10.20.7.7", 10)]
    [InlineData("Proxies:Addresses:0", "10.30.0.7", "10.30.0.7", 20)]
    [InlineData("Proxies:Networks:0", "2001:db8:77::/48", "2001:db8:77:1::1", 30)]
    public async Task ForwardedFor_OfAKnownProxy_IsTheClient(string key, string value, string proxy, int own)
    {
        await using var app = fixture.Another(("Sessions:AttemptsPerAddress", "2"), (key, value));

        Assert.Equal([401, 401, 401, 401], await TriesAsync(app, proxy, [.. Enumerable.Range(own, 4).Select(at => $"198.19.{at}.1")]));
        var same = $"198.19.{own + 5}.1";
        // What a client wrote itself stands before what the proxy adds, and is not read.
        Assert.Equal([401, 401, 429], await TriesAsync(app, proxy, $"192.0.2.1, {same}", $"192.0.3.1, {same}", $"192.0.4.1, {same}"));
    }

    [Fact]
    public async Task ForwardedProto_OfAKnownProxyAlone_MakesTheAnswerOneOverTls()
    {
        await using var app = fixture.Another(("environment", "Production"), ("Proxies:Networks:0", "10.20.0.0/16"));
        await using var developed = fixture.Another(("Proxies:Networks:0", "10.20.0.0/16"));

        Assert.Matches("^max-age=[0-9]{8}", await HstsAsync(app, "10.20.0.1", "https"));
        Assert.Equal("", await HstsAsync(app, "10.20.0.1", "http"));
        Assert.Equal("", await HstsAsync(app, "198.18.9.1", "https"));
        Assert.Equal("", await HstsAsync(developed, "10.20.0.1", "https"));

        static async Task<string> HstsAsync(ApiApp app, string address, string scheme) =>
            (
                await app.FromAsync(
                    address,
                    HttpMethods.Get,
                    "/api/runs",
                    null,
                    ("Host", "overnight.example"),
                    (Scheme, scheme),
                    (Forwarded, "198.18.9.2")
                )
            )
                .Response.Headers[Hsts]
                .ToString();
    }

    [Fact]
    public async Task CachedDashboard_BehindAKnownProxy_TakesTheCookieAndIsOneOverTls()
    {
        await using var app = fixture.Another(("environment", "Production"), ("Proxies:Networks:0", "10.20.0.0/16"));
        var (user, token) = await app.Database.SignInAsync();
        await app.Cache.StringSetAsync(CacheKeys.Recommendations(user), TestResults.Entry(user));

        var first = await DashboardAsync();
        var second = await DashboardAsync();

        Assert.Equal((200, 200), (first.StatusCode, second.StatusCode));
        // The first makes this node remember whose token it is, so that the second passes none of the middleware that sets this header.
        Assert.NotEqual("", first.Headers.ContentSecurityPolicy.ToString());
        Assert.Equal("", second.Headers.ContentSecurityPolicy.ToString());
        Assert.Matches("^max-age=[0-9]{8}", second.Headers[Hsts].ToString());

        async Task<HttpResponse> DashboardAsync() =>
            (
                await app.FromAsync(
                    "10.20.0.1",
                    HttpMethods.Get,
                    "/api/dashboard",
                    null,
                    ("Host", "overnight.example"),
                    (Scheme, "https"),
                    (Forwarded, "198.18.9.2"),
                    ("Cookie", $"{SessionCookie.Name}={token}")
                )
            ).Response;
    }

    [Theory]
    [InlineData("Proxies:Networks:0", "10.0.0.0/33", "Proxies:Networks:0 must be a network such as 10.0.0.0/8, and is 10.0.0.0/33.")]
    [InlineData("Proxies:Addresses:0", "proxy", "Proxies:Addresses:0 must be an IP address such as 10.0.0.7, and is proxy.")]
    [InlineData("Proxies:Hops", "0", "Proxies:Hops must be between 1 and 16, and is 0.")]
    public void Options_OutOfBounds_StopTheStartAndNameKeyBoundAndValue(string key, string value, string message)
    {
        var refused = Assert.Throws<OptionsValidationException>(() => fixture.Another((key, value)));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    private static async Task<List<int>> TriesAsync(ApiApp app, string address, params string[] forwarded)
    {
        List<int> statuses = [];
        foreach (var client in forwarded)
            statuses.Add((await app.TryFromAsync(address, $"{Guid.NewGuid():N}@test.example", (Forwarded, client))).Response.StatusCode);
        return statuses;
    }
}
