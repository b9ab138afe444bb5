using Npgsql;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;

namespace Overnight.Jobs.Commands;

/// <summary>Works on a run until it ends, and prints its progress and a summary.</summary>
internal static class ForegroundRun
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    public static async Task<int> WorkAsync(
        RunParticipant participant,
        RunProgress progress,
        PipelineRun run,
        CommandOutput output,
        CancellationToken ct
    )
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Exception? failure = null;
        var watcher = WatchAsync(progress, run.Id, output, watching.Token);
        try
        {
            await participant.WorkAsync(run, ct);
            await participant.CacheRestAsync(run.Id, ct, wait: true);
        }
        catch (Exception exception) when (!ct.IsCancellationRequested && exception is not NpgsqlException)
        {
            // A step that failed for good has ended the run, which is reported below. CommandServices explains errors of PostgreSQL.
            failure = exception;
        }
        finally
        {
            await watching.CancelAsync();
            await watcher;
        }
        var state = await progress.ReadAsync(run.Id, ct);
        if (failure is not null)
        {
            if (state.Status != "failed")
                throw new CommandException($"Run {run.Id} is not finished: {failure.Message}", failure, CommandLine.Failed);
            output.Line(failure.Message);
        }
        output.Line(state.Summary());
        foreach (var reason in state.Reasons)
            output.Line($"  {reason}");
        if (state.Failed > 0)
            output.Line($"  When the cause is mended: jobs retry {run.Id}");
        return CodeOf(state);
    }

    public static int CodeOf(RunState run) =>
        run.Status switch
        {
            "failed" => CommandLine.Failed,
            "partial" => CommandLine.Partial,
            _ => CommandLine.Success,
        };

    private static async Task WatchAsync(RunProgress progress, Guid run, CommandOutput output, CancellationToken ct)
    {
        try
        {
            using PeriodicTimer timer = new(Interval);
            while (await timer.WaitForNextTickAsync(ct))
            {
                try
                {
                    output.Progress((await progress.ReadAsync(run, ct)).Line());
                }
                catch (NpgsqlException)
                {
                    // Progress pauses while PostgreSQL is away; the work itself reports that and waits.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The run has ended.
        }
    }
}
