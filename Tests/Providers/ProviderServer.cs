using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Overnight.Tests.Providers;

/// <summary>A request as the server saw it.</summary>
internal sealed record SeenRequest(string Path, string Query, IReadOnlyDictionary<string, string> Headers, DateTimeOffset At);

/// <summary>An HTTP server on a free local port that behaves as the test says.</summary>
internal sealed class ProviderServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<SeenRequest> _requests = [];

    private ProviderServer(WebApplication app) => _app = app;

    public string Url { get; private set; } = "";
    public IReadOnlyList<SeenRequest> Requests => [.. _requests];

    /// <param name="clock">What the times of requests are told by.</param>
    public static async Task<ProviderServer> StartAsync(RequestDelegate behave, TimeProvider? clock = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        ProviderServer server = new(builder.Build());
        server._app.Run(context =>
        {
            server._requests.Enqueue(
                new(
                    context.Request.Path,
                    context.Request.QueryString.Value ?? "",
                    context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
                    (clock ?? TimeProvider.System).GetUtcNow()
                )
            );
            return behave(context);
        });
        await server._app.StartAsync();
        server.Url = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>What servers do to us.</summary>
internal static class Behaviour
{
    public static RequestDelegate Answer(string type, string body) =>
        context =>
        {
            context.Response.ContentType = type;
            return context.Response.WriteAsync(body);
        };

    public static RequestDelegate Status(int status, string? retryAfter = null) =>
        context =>
        {
            context.Response.StatusCode = status;
            if (retryAfter is not null)
                context.Response.Headers.RetryAfter = retryAfter;
            return Task.CompletedTask;
        };

    /// <summary>Answers nothing, until the client gives up.</summary>
    public static async Task Never(HttpContext context)
    {
        TaskCompletionSource gone = new();
        await using var registration = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    }

    /// <summary>Promises more than it sends.</summary>
    public static RequestDelegate Cut(string type, string body) =>
        async context =>
        {
            context.Response.ContentType = type;
            context.Response.ContentLength = body.Length * 2;
            await context.Response.WriteAsync(body);
            await context.Response.Body.FlushAsync();
            context.Abort();
        };

    /// <summary>Never comes to an end.</summary>
    public static RequestDelegate Endless(string type) =>
        async context =>
        {
            context.Response.ContentType = type;
            var part = new byte[64 * 1024];
            Array.Fill(part, (byte)' ');
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(part);
        };

    public static RequestDelegate Html { get; } = Answer("text/html", "<!doctype html><title>Maintenance</title>");

    /// <summary>Each behaviour once, the last one from then on.</summary>
    public static RequestDelegate InTurn(params RequestDelegate[] behaviours)
    {
        var next = -1;
        return context => behaviours[Math.Min(Interlocked.Increment(ref next), behaviours.Length - 1)](context);
    }
}
