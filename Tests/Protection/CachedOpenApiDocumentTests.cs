using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Protection;

public sealed class CachedOpenApiDocumentTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Document_AskedForAgainAndAgain_IsBuiltOnceAnd304ToWhoHasIt()
    {
        var built = 0;
        await using ApiApp app = new(fixture.DatabaseConnection, fixture.CacheConnection, services: services =>
            services.Configure<OpenApiOptions>("v1", options => options.AddDocumentTransformer(
                    (_, _, _) =>
                    {
                        Interlocked.Increment(ref built);
                        return Task.CompletedTask;
                    }
                ))
        );

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => app.GetAsync("/openapi/v1.json", ct: Ct)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        var tag = Assert.Single(answers.Select(answer => answer.Headers.ETag).Distinct());
        Assert.Equal(
            (1, true, "application/json"),
            (built, answers[0].Headers.CacheControl!.NoCache, answers[0].Content.Headers.ContentType?.MediaType)
        );
        using HttpRequestMessage again = new(HttpMethod.Get, "/openapi/v1.json");
        again.Headers.IfNoneMatch.Add(tag!);
        using var unchanged = await app.Http.SendAsync(again, Ct);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        Assert.Empty(await unchanged.Content.ReadAsByteArrayAsync(Ct));
        using HttpRequestMessage other = new(HttpMethod.Get, "/openapi/v1.json");
        other.Headers.IfNoneMatch.Add(new EntityTagHeaderValue("\"other\""));
        using var whole = await app.Http.SendAsync(other, Ct);
        Assert.Equal((HttpStatusCode.OK, 1), (whole.StatusCode, built));
    }
}
