using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Sessions;

public sealed class AdminKeyTests(TestServers servers)
{
    private const string Header = "X-Overnight-Admin-Key",
        Key = "0123456789-0123456789-0123456789";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Key_OnAnAdminRoute_IsEnough()
    {
        await using var app = await AppAsync(Key);

        using var list = await SendAsync(app, HttpMethod.Get, "/api/runs", Key);
        using var start = await SendAsync(app, HttpMethod.Post, "/api/runs", Key);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Accepted), (list.StatusCode, start.StatusCode));
    }

    [Theory]
    [InlineData("0123456789-0123456789-012345678X")]
    [InlineData("0123456789-0123456789-01234567890")]
    [InlineData("0")]
    public async Task Key_ThatIsWrong_Is401AndSaysSo(string given)
    {
        await using var app = await AppAsync(Key);

        using var answer = await SendAsync(app, HttpMethod.Get, "/api/runs", given);

        Assert.Equal(
            (HttpStatusCode.Unauthorized, "application/problem+json"),
            (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType)
        );
        Assert.Equal(
            "The admin key is wrong",
            JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(Ct)).GetProperty("title").GetString()
        );
    }

    [Fact]
    public async Task Key_ThatIsWrong_IsNotMendedByASession()
    {
        await using var app = await AppAsync(Key);
        var (_, token) = await app.Database.SignInAsync("admin");

        using var answer = await SendAsync(app, HttpMethod.Get, "/api/runs", "wrong", token);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Key_OnAUsersRoute_CountsForNothing()
    {
        await using var app = await AppAsync(Key);

        using var answer = await SendAsync(app, HttpMethod.Get, "/api/dashboard", Key);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Key_NotConfigured_LetsNobodyIn_AndASessionStillCounts()
    {
        await using var app = await AppAsync("");
        var (_, token) = await app.Database.SignInAsync("admin");

        using var empty = await SendAsync(app, HttpMethod.Get, "/api/runs", "");
        using var any = await SendAsync(app, HttpMethod.Get, "/api/runs", Key);
        using var session = await SendAsync(app, HttpMethod.Get, "/api/runs", Key, token);

        Assert.Equal(
            [HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.OK],
            ((HttpResponseMessage[])[empty, any, session]).Select(answer => answer.StatusCode)
        );
    }

    [Fact]
    public async Task Key_TooShort_StopsTheStartWithoutShowingIt()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => AppAsync("short-secret"));

        Assert.Contains("Admin:Key must have at least 32 characters", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("short-secret", refused.Message, StringComparison.Ordinal);
    }

    private async Task<ApiApp> AppAsync(string key) =>
        new(
            await servers.CreateDatabaseAsync(Ct),
            await servers.CacheConnectionStringAsync(Ct),
            settings: new Dictionary<string, string> { ["Admin:Key"] = key }
        );

    private static async Task<HttpResponseMessage> SendAsync(ApiApp app, HttpMethod method, string path, string key, string? token = null)
    {
        using HttpRequestMessage request = new(method, path);
        request.Headers.TryAddWithoutValidation(Header, key);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await app.Http.SendAsync(request, Ct);
    }
}
