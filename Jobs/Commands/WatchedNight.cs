using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;

namespace Overnight.Jobs.Commands;

/// <summary>Takes part in a run to its end, with progress and a summary for whoever asked for it.</summary>
internal static class WatchedNight
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    public static async Task<int> WorkAsync(Night night, RunProgress progress, NightRun run, CommandOutput output, CancellationToken ct)
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watcher = WatchAsync(progress, run.Id, output, watching.Token);
        try
        {
            await night.WorkAsync(run, ct);
            await night.CacheRestAsync(run.Id, ct, wait: true);
        }
        finally
        {
            await watching.CancelAsync();
            await watcher;
        }
        var state = await progress.ReadAsync(run.Id, ct);
        output.Line(state.Summary());
        foreach (var reason in state.Reasons)
            output.Line($"  {reason}");
        if (state.Failed > 0)
            output.Line($"  When the cause is mended: jobs retry {run.Id}");
        return state.Status == "failed" ? CommandLine.Failed : CommandLine.Success;
    }

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
                catch (Npgsql.NpgsqlException)
                {
                    // Progress is for a person's eyes; the work itself reports what is wrong and waits for PostgreSQL.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }
}
