using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overnight.Core.Data;
using Overnight.Core.Notices;

namespace Overnight.Jobs.Notices;

/// <summary>Sends what waits in the outbox every few seconds, where a target is configured.</summary>
internal sealed partial class WebhookLoop(
    WebhookSender sender,
    IOptions<WebhookOptions> options,
    DatabaseState database,
    TimeProvider time,
    ILogger<WebhookLoop> logger
) : BackgroundService
{
    private string? _told;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Targets.Count == 0)
            return;
        using PeriodicTimer timer = new(options.Value.PollInterval, time);
        try
        {
            do await TickAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; what was under way is sent again, with the same id.
        }
    }

    private async Task TickAsync(CancellationToken ct)
    {
        try
        {
            await sender.SendAllAsync(ct);
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
            "Webhooks could not be sent; it is tried again every {Delay}. {Reason}",
            EventName = "WebhooksFailed"
        )]
        public static partial void Failed(ILogger logger, TimeSpan delay, string reason);
    }
}
