using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Overnight.Core.Actions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Providers;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Protection;

/// <summary>
/// Every operation of the description, asked by nobody, a user, an administrator and a page of another site, with what is wrong: what
/// it answers has the headers of every answer, a detail where it is a problem, and a status that the description names.
/// </summary>
public sealed partial class AnswerTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Id = "019a0000-0000-7000-8000-000000000001";
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answers_OfEveryOperation_HaveTheirHeadersDetailAndADescribedStatus()
    {
        var (_, user) = await _app.Database.SignInAsync();
        var (_, admin) = await _app.Database.SignInAsync("admin");
        HashSet<HttpStatusCode> seen = [];
        foreach (var (method, path, described) in await OperationsAsync())
        {
            var (filled, malformed) = (Fill(path, Id), Fill(path, "x"));
            await AskAsync(filled, null);
            await AskAsync(filled, user);
            await AskAsync($"{filled}?unknown=1", admin);
            await AskAsync(malformed, admin, body: "{");
            await AskAsync(filled, admin, body: """{"no":1,"no":2}""");
            await AskAsync(filled, admin, body: "no=1", type: "text/plain");
            await AskAsync(filled, null, origin: "https://elsewhere.example");
            if (method is "GET")
                await AskAsync(filled, admin);
            if (filled.EndsWith("/runs", StringComparison.Ordinal) && method is "GET")
                await AskAsync($"{filled}?limit=0", admin);

            async Task AskAsync(string at, string? token, string? body = null, string type = "application/json", string? origin = null)
            {
                using HttpRequestMessage request = new(new HttpMethod(method), at);
                if (token is not null)
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                if (origin is not null)
                    request.Headers.Add("Origin", origin);
                if (body is not null && method is not "GET" and not "DELETE")
                    request.Content = new StringContent(body, Encoding.UTF8, type);
                using var answer = await _app.Http.SendAsync(request, Ct);
                var what = $"{method} {at}: {(int)answer.StatusCode}";
                Assert.True(described.Contains((int)answer.StatusCode), $"{what} is not described: {string.Join(", ", described)}");
                await AssertHeadersAsync(answer, what);
                seen.Add(answer.StatusCode);
            }
        }
        Assert.Superset(
            new HashSet<HttpStatusCode>
            {
                HttpStatusCode.OK,
                HttpStatusCode.BadRequest,
                HttpStatusCode.Unauthorized,
                HttpStatusCode.Forbidden,
                HttpStatusCode.NotFound,
                HttpStatusCode.UnsupportedMediaType,
            },
            seen
        );
    }

    [Theory]
    [InlineData("GET", "/nowhere", 404)]
    [InlineData("PUT", "/api/runs", 405)]
    [InlineData("GET", "/health", 200)]
    [InlineData("GET", "/alive", 200)]
    public async Task Answers_BesideTheRoutes_HaveTheHeadersToo(string method, string path, int status)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        using var answer = await _app.Http.SendAsync(request, Ct);

        Assert.Equal(status, (int)answer.StatusCode);
        await AssertHeadersAsync(answer, path);
    }

    [Fact]
    public async Task Answers_OfTheCachedDashboardAndOfAFailure_HaveTheHeaders()
    {
        var (user, token) = await _app.Database.SignInAsync();
        await _app.SetResultAsync(user);
        for (var time = 0; time < 3; time++)
        {
            using var cached = await _app.GetAsync("/api/dashboard", token, Ct);
            Assert.Equal(HttpStatusCode.OK, cached.StatusCode);
            await AssertHeadersAsync(cached, "dashboard");
        }
        using var unknown = await _app.GetAsync("/api/dashboard?user=1", token, Ct);
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);

        await using ApiApp broken = new("Host=127.0.0.1;Port=1;Username=overnight;Timeout=1", fixture.CacheConnection);
        using var failed = await broken.GetAsync("/api/dashboard", Core.Sessions.SessionToken.Create(), Ct);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.StatusCode);
        await AssertHeadersAsync(failed, "failed");
    }

    /// <summary>An answer is no longer for being asked two hundred things that are not known.</summary>
    [Fact]
    public async Task Answer_ToManyUnknownFields_NamesTwenty()
    {
        var names = Enumerable.Range(0, 200).Select(i => $"a{i}").ToList();
        using var body = await _app.PostAsync("/api/sessions", $$"""{{{string.Join(',', names.Select(name => $"\"{name}\":1"))}}}""");
        using var query = await _app.GetAsync($"/openapi/v1.json?{string.Join('&', names)}", ct: Ct);

        foreach (var answer in (HttpResponseMessage[])[body, query])
        {
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            var problem = await answer.JsonAsync();
            Assert.Equal(20, problem.GetProperty("errors").EnumerateObject().Count());
            Assert.EndsWith("; and more", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    /// <summary>Whoever has no access can't fill the log.</summary>
    [Fact]
    public async Task Refusals_OfStrangers_AreNotLogged()
    {
        LogLines lines = new();
        await using ApiApp app = new(fixture.DatabaseConnection, fixture.CacheConnection, services: services =>
            services.AddSingleton<ILoggerProvider>(new LogLinesProvider(lines))
        );
        foreach (
            var (method, path, header, value, status) in ((string, string, string, string, int)[])
                [
                    ("GET", "/api/admin/doctor", "X-Overnight-Admin-Key", "x", 401),
                    ("GET", "/api/runs", "Authorization", "Bearer x", 401),
                    ("POST", "/sign-in", "Origin", "http://localhost", 400),
                    ("POST", "/sign-in", "Origin", "http://elsewhere.example", 403),
                    ("GET", "/nowhere", "Accept", "*/*", 404),
                ]
        )
        {
            using HttpRequestMessage request = new(new HttpMethod(method), path);
            Assert.True(request.Headers.TryAddWithoutValidation(header, value));
            if (method is "POST")
                request.Content = new FormUrlEncodedContent([new("email", "a@b.example")]);
            using var answer = await app.Http.SendAsync(request, Ct);
            Assert.Equal((path, status), (path, (int)answer.StatusCode));
        }

        Assert.DoesNotContain(lines.All, line =>
            line.Contains("challenged", StringComparison.Ordinal) || line.Contains("antiforgery", StringComparison.OrdinalIgnoreCase)
        );
    }

    [Fact]
    public async Task Times_OfEveryList_AreUtcWithMillisecondsAndZ()
    {
        var (user, admin) = await _app.Database.SignInAsync("admin");
        await _app.Database.ExecuteAsync(
            """
            insert into overnight_job_runs (id, job_type, status, market, business_date, revision, trigger, started_at, completed_at, correlation_id)
            select gen_random_uuid(), 'scoring', 'completed', code, '2026-03-02', 1, 'manual', '2026-03-02 06:00:00.123456+00', '2026-03-02 06:00:01+00', gen_random_uuid() from markets limit 1
            """
        );
        await _app.Database.ExecuteAsync("insert into feature_flags (environment, key, enabled) values ('development', 'times', true)");
        await ActionLog.WriteAsync(_app.Database, new(Actor.Command, LoggedAction.Warm, "started"), TimeProvider.System.GetUtcNow(), Ct);
        var found = 0;
        foreach (
            var path in (string[])
                [
                    "/api/runs",
                    "/api/sessions",
                    $"/api/admin/users/{user}/sessions",
                    "/api/admin/flags",
                    "/api/config/flags/times",
                    "/api/admin/actions",
                ]
        )
        {
            using var answer = await _app.GetAsync(path, admin, Ct);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            foreach (var time in Times().Matches(await answer.Content.ReadAsStringAsync(Ct)).Select(match => match.Value))
            {
                Assert.Matches(OneForm(), time);
                found++;
            }
        }
        Assert.InRange(found, 11, int.MaxValue);
    }

    [Fact]
    public async Task Head_OfARouteThatAnswersGet_IsItsAnswerWithoutABody()
    {
        await using ApiApp app = new(fixture.DatabaseConnection, fixture.CacheConnection, isListening: true);
        var (_, admin) = await app.Database.SignInAsync("admin");
        foreach (
            var (path, token, status) in ((string, string?, int)[])
                [("/api/runs", admin, 200), ("/api/runs", null, 401), ("/openapi/v1.json", null, 200)]
        )
        {
            using var head = await app.SendAsync(HttpMethod.Head, path, token);
            using var get = await app.GetAsync(path, token, Ct);
            Assert.Equal((status, status), ((int)head.StatusCode, (int)get.StatusCode));
            Assert.Empty(await head.Content.ReadAsByteArrayAsync(Ct));
            Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        }
    }

    private static async Task AssertHeadersAsync(HttpResponseMessage answer, string what)
    {
        Assert.True(answer.Headers.TryGetValues("X-Content-Type-Options", out var sniff), what);
        Assert.Equal(["nosniff"], sniff);
        Assert.True(answer.Headers.CacheControl?.NoStore, what);
        Assert.False(answer.Headers.Contains("Server"), what);
        if ((int)answer.StatusCode < 400)
            return;
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = await answer.JsonAsync();
        Assert.True(problem.TryGetProperty("detail", out var detail) && detail.GetString() is { Length: > 0 }, what);
        Assert.Equal((int)answer.StatusCode, problem.GetProperty("status").GetInt32());
    }

    private async Task<List<(string Method, string Path, HashSet<int> Statuses)>> OperationsAsync()
    {
        using var answer = await _app.GetAsync("/openapi/v1.json", ct: Ct);
        var document = await answer.JsonAsync();
        List<(string, string, HashSet<int>)> operations = [];
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
                operations.Add(
                    (
                        operation.Name.ToUpperInvariant(),
                        path.Name,
                        [.. operation.Value.GetProperty("responses").EnumerateObject().Select(status => int.Parse(status.Name))]
                    )
                );
        }
        Assert.InRange(operations.Count, 15, int.MaxValue);
        return operations;
    }

    private static string Fill(string path, string with) => Parameter().Replace(path, with);

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"(?<="")\d{4}-\d\d-\d\dT[^""]*")]
    private static partial Regex Times();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
    private static partial Regex OneForm();
}
