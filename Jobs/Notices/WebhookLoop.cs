using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overnight.Core.Data;
using Overnight.Core.Notices;

namespace Overnight.Jobs.Notices;

/// <summary>
/// Sends what waits in the outbox every few seconds. Each target has a loop of its own, so that one that does not answer holds up no other.
/// </summary>
internal sealed partial class WebhookLoop(
    WebhookSender sender,
    IOptions<WebhookOptions> options,
    DatabaseState database,
    TimeProvider time,
    ILogger<WebhookLoop> logger
) : BackgroundService
{
    private volatile string? _told;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll([
            RepeatAsync(sender.GiveUpAsync, stoppingToken),
            .. options.Value.Targets.Keys.Select(target => RepeatAsync(ct => sender.SendAllAsync(target, ct), stoppingToken)),
        ]);

    private async Task RepeatAsync(Func<CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(options.Value.PollInterval, time);
        try
        {
            do await TickAsync(work, stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; what was under way is sent again, with the same id.
        }
    }

    private async Task TickAsync(Func<CancellationToken, Task> work, CancellationToken ct)
    {
        try
        {
            await work(ct);
            _told = null;
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // Usually PostgreSQL is away; the next tick sends what waits. A repeated failure is logged once.
            if (!database.IsAway(exception) && _told != exception.Message)
                Log.Failed(logger, options.Value.PollInterval, _told = exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            754,
            LogLevel.Error,
            "Notices could not be sent to webhooks; the next try is in {Delay}. {Reason}",
            EventName = "WebhooksFailed"
        )]
        public static partial void Failed(ILogger logger, TimeSpan delay, string reason);
    }
}
