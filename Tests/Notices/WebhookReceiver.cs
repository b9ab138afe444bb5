using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Overnight.Tests.Notices;

/// <summary>What a webhook was sent.</summary>
internal sealed record ReceivedNotice(string Id, string Timestamp, string Signature, string Body);

/// <summary>A webhook at a free port of this machine, whose answers a test sets.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebhookReceiver(WebApplication app) => _app = app;

    public ConcurrentQueue<ReceivedNotice> Received { get; } = [];

    public HttpStatusCode Answer { get; set; } = HttpStatusCode.NoContent;

    /// <summary>What an answer waits for.</summary>
    public Task Hold { get; set; } = Task.CompletedTask;

    /// <summary>Where redirects lead; null for none.</summary>
    public string? Location { get; set; }

    public string Url => $"{_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()}/hook";

    public static async Task<WebhookReceiver> StartAsync(CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        WebhookReceiver receiver = new(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync(ct);
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using StreamReader reader = new(context.Request.Body);
        var headers = context.Request.Headers;
        Received.Enqueue(
            new(
                $"{headers["webhook-id"]}",
                $"{headers["webhook-timestamp"]}",
                $"{headers["webhook-signature"]}",
                await reader.ReadToEndAsync()
            )
        );
        await Hold.WaitAsync(context.RequestAborted);
        context.Response.StatusCode = (int)Answer;
        if (Location is not null)
            context.Response.Headers.Location = Location;
    }
}
