using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Api.Protection;
using Overnight.Core;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Protection;

/// <summary>No client and no route takes all of a node.</summary>
public sealed class LimitTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Every turn of a route is taken by requests that PostgreSQL keeps waiting.</summary>
    [Fact]
    public async Task Route_WithAllTurnsTaken_Is503AndTheDashboardAndOtherRoutesAnswer()
    {
        await using var app = fixture.Another(("Limits:RequestsPerRoute", "2"), ("Limits:QueuePerRoute", "0"));
        var (user, token) = await app.Database.SignInAsync("admin");
        await app.SetResultAsync(user);
        await using var connection = await app.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await using (NpgsqlCommand hold = new("lock table run_failures in access exclusive mode", connection, transaction))
            await hold.ExecuteNonQueryAsync(Ct);
        var run = await AddRunAsync(app);
        // HEAD counts together with GET.
        List<Task<HttpResponseMessage>> held =
        [
            app.GetAsync($"/api/runs/{run}/failures", token, Ct),
            app.SendAsync(HttpMethod.Head, $"/api/runs/{run}/failures", token),
        ];
        await Eventually.TrueAsync(
            async () =>
                await app.Database.ScalarAsync<long>(
                    "select count(*) from pg_locks where not granted and relation = 'run_failures'::regclass"
                ) == 2,
            "both requests wait for the lock"
        );

        using var beyond = await app.GetAsync($"/api/runs/{run}/failures", token, Ct);
        using var dashboard = await app.GetAsync("/api/dashboard", token, Ct);
        using var again = await app.GetAsync("/api/dashboard", token, Ct);
        using var other = await app.GetAsync("/api/runs", token, Ct);
        using var ready = await app.GetAsync("/health", ct: Ct);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "1"), (beyond.StatusCode, beyond.Headers.RetryAfter?.ToString()));
        Assert.Equal("This route is busy", (await beyond.JsonAsync()).GetProperty("title").GetString());
        Assert.All([dashboard, again, other, ready], answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        await transaction.RollbackAsync(Ct);
        foreach (var answer in await Task.WhenAll(held))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            answer.Dispose();
        }
        using var after = await app.GetAsync($"/api/runs/{run}/failures", token, Ct);
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
    }

    [Fact]
    public async Task Request_ThatTakesTooLong_Is504()
    {
        await using var app = fixture.Another(("Limits:RequestTimeout", "00:00:01"));
        var (_, token) = await app.Database.SignInAsync("admin");
        var run = await AddRunAsync(app);
        // Once before, so that what is slow at first is not what takes too long.
        (await app.GetAsync($"/api/runs/{run}/failures", token, Ct)).Dispose();
        await using var connection = await app.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await using (NpgsqlCommand hold = new("lock table run_failures in access exclusive mode", connection, transaction))
            await hold.ExecuteNonQueryAsync(Ct);

        using var answer = await app.GetAsync($"/api/runs/{run}/failures", token, Ct);

        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("Limits:RequestTimeout", (await answer.JsonAsync()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_LongerThanTheServerTakes_Is413()
    {
        await using ApiApp app = new(fixture.DatabaseConnection, fixture.CacheConnection, isListening: true);

        using var answer = await app.PostAsync("/api/sessions", $$"""{"email":"{{new string('a', 70_000)}}"}""");

        Assert.Equal(
            (HttpStatusCode.RequestEntityTooLarge, "application/problem+json"),
            (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType)
        );
    }

    [Fact]
    public async Task Body_ThatComesTooSlowly_Is408AsTheDescriptionSays()
    {
        await using ApiApp app = new(
            fixture.DatabaseConnection,
            fixture.CacheConnection,
            settings: new Dictionary<string, string>
            {
                ["Limits:MinRequestBodyDataRateGracePeriod"] = "00:00:02",
                ["Limits:MinRequestBodyDataRate"] = "1000000",
            },
            isListening: true
        );
        using var client = await ConnectAsync(app);
        await client
            .GetStream()
            .WriteAsync("POST /api/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"u8.ToArray(), Ct);
        using StreamReader answer = new(client.GetStream());
        var text = await answer.ReadToEndAsync(Ct);
        using var description = await app.GetAsync("/openapi/v1.json", ct: Ct);
        var responses = (await description.JsonAsync()).GetProperty("paths").GetProperty("/api/sessions").GetProperty("post");

        Assert.StartsWith("HTTP/1.1 408", text, StringComparison.Ordinal);
        Assert.Contains("\"detail\":", text, StringComparison.Ordinal);
        Assert.True(responses.GetProperty("responses").TryGetProperty("408", out _));
    }

    [Fact]
    public async Task Connections_BeyondTheLimit_AreClosed()
    {
        await using ApiApp app = new(
            fixture.DatabaseConnection,
            fixture.CacheConnection,
            settings: new Dictionary<string, string> { ["Limits:MaxConcurrentConnections"] = "10" },
            isListening: true
        );
        List<TcpClient> open = [];
        try
        {
            for (var i = 0; i < 10; i++)
            {
                open.Add(await ConnectAsync(app));
                Assert.StartsWith("HTTP/1.1 200", await AskAsync(open[^1]), StringComparison.Ordinal);
            }

            using var beyond = await ConnectAsync(app);
            Assert.Equal("", await AskAsync(beyond));

            Assert.StartsWith("HTTP/1.1 200", await AskAsync(open[0]), StringComparison.Ordinal);
        }
        finally
        {
            open.ForEach(client => client.Dispose());
        }

        static async Task<string> AskAsync(TcpClient client)
        {
            var bytes = new byte[4096];
            var answer = "";
            try
            {
                await client.GetStream().WriteAsync("GET /alive HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), Ct);
                // To the end of the chunked body, which may come in a packet of its own.
                while (!answer.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal))
                {
                    var read = await client.GetStream().ReadAsync(bytes, Ct);
                    if (read == 0)
                        break;
                    answer += Encoding.ASCII.GetString(bytes, 0, read);
                }
                return answer;
            }
            catch (IOException)
            {
                // Closed before the question came, or with a reset.
                return "";
            }
        }
    }

    [Fact]
    public async Task Limits_OfTheConfiguration_AreTheServers()
    {
        await using var app = fixture.Another(
            ("Limits:MaxConcurrentConnections", "123"),
            ("Limits:MaxRequestBodySize", "20000"),
            ("Limits:RequestHeadersTimeout", "00:00:07"),
            ("Limits:MinRequestBodyDataRate", "500"),
            ("Limits:MinRequestBodyDataRateGracePeriod", "00:00:03")
        );

        var limits = app.Get<IOptions<KestrelServerOptions>>().Value.Limits;

        Assert.Equal((123, 20_000), (limits.MaxConcurrentConnections, limits.MaxRequestBodySize));
        Assert.Equal(TimeSpan.FromSeconds(7), limits.RequestHeadersTimeout);
        Assert.Equal(
            (500, TimeSpan.FromSeconds(3)),
            (limits.MinRequestBodyDataRate!.BytesPerSecond, limits.MinRequestBodyDataRate.GracePeriod)
        );
        var failures = new SectionValidator<LimitOptions>(LimitOptions.Section)
            .Validate(null, new() { MaxConcurrentConnections = 0, RequestsPerRoute = 0 })
            .Failures!.ToList();
        Assert.Equal(2, failures.Count);
        Assert.Contains("Limits:RequestsPerRoute must be between 1 and 10000, and is 0.", failures);
    }

    private static async Task<TcpClient> ConnectAsync(ApiApp app)
    {
        TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, app.Http.BaseAddress!.Port, Ct);
        return client;
    }

    private static async Task<Guid> AddRunAsync(ApiApp app)
    {
        var id = Guid.CreateVersion7();
        await app.Database.ExecuteAsync(
            "insert into overnight_job_runs (id, job_type, status, trigger, started_at, completed_at, correlation_id) values ($1, 'cache-warm', 'completed', 'manual', now(), now(), $1)",
            id
        );
        return id;
    }
}
