using Microsoft.Extensions.Hosting;

namespace Overnight.AppHost;

/// <summary>Prints the last lines of a resource that ended by itself; it can be started again from the dashboard.</summary>
internal sealed class ResourceFailureReporter(ResourceNotificationService notifications, ResourceLoggerService logs)
    : BackgroundService,
        IHostedLifecycleService
{
    private const int ShownLines = 10;

    /// <summary>How long the log of a resource that never ran is read. Its stream never ends; existing lines come immediately.</summary>
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Begins to watch before the orchestrator starts. Its start ends only when every resource is created, and a resource that waits for a
    /// failed one is never created.
    /// </summary>
    public Task StartingAsync(CancellationToken cancellationToken) => base.StartAsync(cancellationToken);

    public override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public static bool IsFailed(CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text == KnownResourceStates.FailedToStart
        || (KnownResourceStates.TerminalStates.Contains(snapshot.State?.Text) && snapshot.ExitCode is not (null or 0));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        HashSet<string> told = new(StringComparer.Ordinal);
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (!IsFailed(change.Snapshot))
                told.Remove(change.ResourceId);
            else if (told.Add(change.ResourceId))
                await TellAsync(change, stoppingToken);
        }
    }

    private async Task TellAsync(ResourceEvent change, CancellationToken ct)
    {
        List<string> lines = [];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // GetAllAsync works only for a resource that the orchestrator has run, so not for one that failed to start.
        var isStarted = change.Snapshot.State?.Text != KnownResourceStates.FailedToStart;
        if (!isStarted)
            limit.CancelAfter(ReadLimit);
        var batches = isStarted ? logs.GetAllAsync(change.ResourceId) : logs.WatchAsync(change.ResourceId);
        try
        {
            await foreach (var batch in batches.WithCancellation(limit.Token))
                lines.AddRange(batch.SelectMany(line => Message(line.Content).Split('\n')).Where(text => !IsStackTrace(text)));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The lines read until the limit are printed.
        }
        var exit = change.Snapshot.ExitCode is { } code ? $"with exit code {code}" : "before it started";
        Console.WriteLine($"{Environment.NewLine}{change.Resource.Name} failed {exit}. Its last lines:");
        foreach (var line in lines.TakeLast(ShownLines))
            Console.WriteLine($"  {line}");
    }

    // A log line begins with its timestamp.
    private static string Message(string line) =>
        line.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space && DateTimeOffset.TryParse(line.AsSpan(0, space), out _)
            ? line[(space + 1)..]
            : line;

    private static bool IsStackTrace(string line) =>
        line.TrimStart().StartsWith("at ", StringComparison.Ordinal) || line.StartsWith("--- End of", StringComparison.Ordinal);
}
