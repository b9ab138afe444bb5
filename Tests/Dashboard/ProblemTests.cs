using System.Net;
using System.Text.Json;

namespace Overnight.Tests.Dashboard;

public sealed class ProblemTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Theory]
    [InlineData("GET", "/nowhere", HttpStatusCode.NotFound)]
    [InlineData("POST", "/api/dashboard", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/api/runs", HttpStatusCode.MethodNotAllowed)]
    public async Task Request_ThatNothingServes_IsAProblemAndAPageForABrowser(string method, string path, HttpStatusCode status)
    {
        foreach (var accept in (string[])["*/*", "application/json", "text/html", "image/png"])
        {
            using HttpRequestMessage request = new(new HttpMethod(method), path);
            request.Headers.Add("Accept", accept);
            using var response = await fixture.App.Http.SendAsync(request);
            Assert.Equal(status, response.StatusCode);
            var isPage = accept == "text/html";
            Assert.Equal(isPage ? "text/html" : "application/problem+json", response.Content.Headers.ContentType?.MediaType);
            if (isPage)
                continue;
            using var problem = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
            Assert.Equal((int)status, problem.RootElement.GetProperty("status").GetInt32());
            Assert.NotEmpty(problem.RootElement.GetProperty("title").GetString()!);
        }
    }

    [Fact]
    public async Task Document_OfTheApi_NamesItsRoutesAndHowToSignIn()
    {
        using var response = await fixture.App.GetAsync("/openapi/v1.json");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        var paths = document.RootElement.GetProperty("paths");
        foreach (var path in (string[])["/api/dashboard", "/api/runs", "/api/runs/{id}"])
        {
            var get = paths.GetProperty(path).GetProperty("get");
            Assert.NotEmpty(get.GetProperty("summary").GetString()!);
            Assert.True(get.GetProperty("responses").TryGetProperty("200", out _));
            Assert.True(get.GetProperty("responses").TryGetProperty("401", out _));
            Assert.True(get.GetProperty("security")[0].TryGetProperty("bearer", out _));
        }
        Assert.Equal(
            "bearer",
            document
                .RootElement.GetProperty("components")
                .GetProperty("securitySchemes")
                .GetProperty("bearer")
                .GetProperty("scheme")
                .GetString()
        );
    }
}
