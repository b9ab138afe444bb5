using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Sessions;

/// <summary>Every route of the API is for administrators, but those that are named here: who may do what is asked of each.</summary>
public sealed partial class EndpointPolicyTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static readonly string[] OfAnybody =
    [
        "GET /",
        "GET /alive",
        "GET /api/erasures/{id}",
        "GET /api/roots",
        "GET /favicon.ico",
        "GET /health",
        "GET /openapi/v1.json",
        "GET /pages/{file}",
        "POST /api/sessions",
        "POST /demo-sign-in",
        "POST /display",
        "POST /sign-in",
    ];

    private static readonly string[] OfUsers =
    [
        "DELETE /api/me",
        "DELETE /api/sessions/current",
        "DELETE /api/sessions/others",
        "DELETE /api/sessions/{id}",
        "GET /api/account/export",
        "GET /api/account/reads",
        "GET /api/calculations",
        "GET /api/calculations/changes",
        "GET /api/calculations/{run}/receipt",
        "GET /api/calculations/{run}/why",
        "GET /api/calculations/{run}/why/{asset}",
        "GET /api/calculations/{run}/{user}",
        "GET /api/config/flags/{key}",
        "GET /api/dashboard",
        "GET /api/reference/{module}/{entity}",
        "GET /api/sessions",
        "PUT /api/account/password",
        "GET /account",
        "GET /account/erase",
        "GET /changes",
        "GET /dashboard",
        "GET /dashboard.csv",
        "GET /dashboard.txt",
        "GET /history",
        "GET /history/{run}",
        "GET /history/{run}.csv",
        "GET /history/{run}.txt",
        "GET /what-if",
        "GET /why",
        "GET /why/{run}",
        "GET /why/{run}/{asset}",
        "POST /account/erase",
        "POST /account/password",
        "POST /account/sessions/end",
        "POST /account/sessions/end-others",
        "POST /api/what-if",
        "POST /sign-out",
        "POST /what-if",
    ];

    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Route_LetsInWhomItIsFor()
    {
        var routes = _app.Get<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint =>
                (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(method =>
                    $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}"
                )
            )
            .ToList();
        Assert.Equal(OfAnybody.Concat(OfUsers).Except(routes), []);
        var (_, admin) = await _app.Database.SignInAsync("admin");

        List<string> wrong = [];
        foreach (var route in routes)
        {
            // A sign-out ends the session.
            var (_, user) = await _app.Database.SignInAsync();
            var (nobody, signedIn) = (await AskAsync(route, null), await AskAsync(route, user));
            // HEAD is for whom GET is for.
            var listed = route.Replace("HEAD ", "GET ", StringComparison.Ordinal);
            var isRight =
                OfAnybody.Contains(listed) ? nobody is not HttpStatusCode.Unauthorized
                : OfUsers.Contains(listed)
                    ? nobody is HttpStatusCode.Unauthorized && signedIn is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                : (nobody, signedIn) is (HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden);
            if (!isRight)
                wrong.Add($"{route}: {nobody} without a session, {signedIn} as a user");
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("GET /api/runs", admin));
    }

    private async Task<HttpStatusCode> AskAsync(string route, string? token)
    {
        var (method, pattern) = route.Split(' ') is [var verb, var rest] ? (verb, rest) : throw new InvalidOperationException(route);
        var path = Parameter()
            .Replace(pattern, part => part.Value.Contains(":guid", StringComparison.Ordinal) ? $"{Guid.NewGuid()}" : "v1");
        using StringContent? body = method is "POST" or "PATCH" or "PUT" ? new("{}", Encoding.UTF8, "application/json") : null;
        using var answer = await _app.SendAsync(new(method), path, token, body);
        await answer.Content.ReadAsByteArrayAsync(Ct);
        return answer.StatusCode;
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
