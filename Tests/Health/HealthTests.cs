using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Health;

public sealed class HealthTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_StoresLostOneByOne_DegradesAndOnlyThenIsUnavailable()
    {
        var postgres = await servers.StartPostgresAsync(Ct);
        var folder = await servers.CreateFolderAsync();
        var cache = await servers.StartCacheAsync(Ct, folder);
        await using var app = await StartAsync(
            new()
            {
                ["ConnectionStrings:overnight"] = postgres.ConnectionString("postgres"),
                ["ConnectionStrings:cache"] = cache.ConnectionString,
            }
        );
        using HttpClient client = new() { BaseAddress = Address(app) };
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await GetAsync(client, "/health"));

        await cache.StopAsync();
        Assert.Equal((HttpStatusCode.OK, "Degraded: cache"), await GetAsync(client, "/health"));

        await postgres.StopAsync();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy: cache, database"), await GetAsync(client, "/health"));
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await GetAsync(client, "/alive"));

        await servers.StartCacheAsync(Ct, folder, cache.Port);
        await Eventually.TrueAsync(
            async () => await GetAsync(client, "/health") == (HttpStatusCode.OK, "Degraded: database"),
            "a cache that is back makes the node useful again"
        );
    }

    [Fact]
    public async Task Database_WithoutAConnectionString_SaysWhichKeyToSet()
    {
        await using var app = Build([]);

        var database = Assert.Throws<InvalidOperationException>(() => app.Services.GetRequiredService<Npgsql.NpgsqlDataSource>());

        Assert.Contains("ConnectionStrings:overnight", database.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Telemetry_WithoutAnEndpoint_IsNotBuilt()
    {
        await using var app = Build([]);

        Assert.Null(app.Services.GetService<TracerProvider>());
        Assert.DoesNotContain(app.Services.GetServices<IHostedService>(), service => service.GetType().Namespace == "OpenTelemetry");
    }

    [Fact]
    public async Task Telemetry_WithAnEndpoint_SendsTracesMetricsAndLogsButNoProbes()
    {
        ConcurrentDictionary<string, StringBuilder> received = [];
        var collectorBuilder = WebApplication.CreateBuilder();
        collectorBuilder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var collector = collectorBuilder.Build();
        collector.MapPost("/v1/{signal}", async (string signal, HttpRequest request) =>
        {
            using MemoryStream body = new();
            await request.Body.CopyToAsync(body);
            var text = received.GetOrAdd(signal, _ => new());
            lock (text)
                text.Append(Encoding.Latin1.GetString(body.ToArray()));
        });
        await collector.StartAsync(Ct);
        using ActivitySource ours = new("Overnight.HealthTests");

        await using (
            var app = await StartAsync(
                new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address(collector).ToString(), ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf" }
            )
        )
        {
            app.MapGet("/worked", (ILogger<HealthTests> logger) =>
            {
                using (ours.StartActivity("a span of ours"))
                    logger.LogWarning("a log line of ours");
            });
            using HttpClient client = new() { BaseAddress = Address(app) };
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(client, "/worked")).Status);
            // By hand, for HttpClient's own span would name the path, too.
            using TcpClient probe = new(client.BaseAddress!.Host, client.BaseAddress.Port);
            await probe.GetStream().WriteAsync("GET /alive HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"u8.ToArray(), Ct);
            using StreamReader answer = new(probe.GetStream());
            Assert.Contains("200 OK", await answer.ReadToEndAsync(Ct), StringComparison.Ordinal);
            // Ending flushes what is queued.
            await app.StopAsync(Ct);
        }

        Assert.Contains("a span of ours", received["traces"].ToString(), StringComparison.Ordinal);
        Assert.Contains("/worked", received["traces"].ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("/alive", received["traces"].ToString(), StringComparison.Ordinal);
        Assert.Contains("a log line of ours", received["logs"].ToString(), StringComparison.Ordinal);
        Assert.Contains("dotnet.gc", received["metrics"].ToString(), StringComparison.Ordinal);
    }

    private static WebApplication Build(Dictionary<string, string?> configuration)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Configuration.AddInMemoryCollection(configuration);
        builder.AddServiceDefaults();
        builder.AddDatabase<OvernightContext>("overnight", static given => given, OvernightContext.Configure);
        builder.AddCache("cache", options => CacheConnection.Configure(options, builder.Configuration));
        var app = builder.Build();
        app.MapDefaultEndpoints();
        return app;
    }

    private static async Task<WebApplication> StartAsync(Dictionary<string, string?> configuration)
    {
        var app = Build(configuration);
        await app.StartAsync(Ct);
        return app;
    }

    private static Uri Address(WebApplication app) => new(app.Urls.First());

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path, Ct);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }
}
