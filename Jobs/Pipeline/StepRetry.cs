using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Tries a step of a run again. A step that fails is tried three times more, also when it waited too long for a lock or
/// an answer; a PostgreSQL that is away is waited for within a budget and counts as no try. Nothing of a failed try was committed,
/// so that trying again repeats no user.
/// </summary>
internal sealed partial class StepRetry(
    RunFinaliser finaliser,
    NpgsqlDataSource dataSource,
    DatabaseState database,
    IOptions<RunOptions> options,
    TimeProvider time,
    ILogger<StepRetry> logger
)
{
    private const int Retries = 3;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Seconds; a server that is up answers <c>select 1</c> in less.</summary>
    private const int AnswerTimeout = 5;

    /// <param name="work">Calls its argument after every part that is committed, which resets the count of tries and the
    /// budget.</param>
    /// <exception cref="NpgsqlException">PostgreSQL stayed away longer than the budget: the run stays unfinished, to be
    /// resumed.</exception>
    public Task RunAsync(string step, PipelineRun run, Func<Action, Task> work, CancellationToken ct) =>
        RunAsync(step, run.Id, work, exception => finaliser.FailAsync(run, step, exception, ct), ct);

    /// <summary>The same for work after a run's end, whose failure does not fail the run.</summary>
    public Task RunAsync(string step, Guid runId, Func<Action, Task> work, CancellationToken ct) =>
        RunAsync(step, runId, work, _ => Task.CompletedTask, ct);

    private async Task RunAsync(string step, Guid runId, Func<Action, Task> work, Func<Exception, Task> giveUp, CancellationToken ct)
    {
        var failures = 0;
        long? away = null;
        TimeSpan Away() => away is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;
        void Progressed()
        {
            failures = 0;
            if (away is null)
                return;
            database.Wrote();
            Log.DatabaseIsBack(logger, step, runId, Away());
            away = null;
        }

        while (true)
        {
            try
            {
                await work(Progressed);
                Progressed();
                return;
            }
            catch (Exception exception) when (!ct.IsCancellationRequested)
            {
                if (await IsAwayAsync(exception, ct))
                {
                    if (Away() >= options.Value.DatabaseBudget)
                        throw;
                    // The server is restarting or failing over, so it is waited for.
                    _ = database.IsAway(exception);
                    if (away is null)
                        Log.DatabaseIsAway(logger, step, runId, options.Value.DatabaseBudget);
                    away ??= time.GetTimestamp();
                    var pause = TimeSpan.FromMilliseconds(Math.Clamp(Away().TotalMilliseconds / 4, 50, LongestPause.TotalMilliseconds));
                    await Task.Delay(pause, time, ct);
                }
                else if (failures < Retries)
                {
                    // After 1, 2 and 4 seconds.
                    failures++;
                    Log.StepFailed(logger, step, runId, failures, Retries, exception);
                    await Task.Delay(TimeSpan.FromSeconds(1 << (failures - 1)), time, ct);
                }
                else
                {
                    // The step failed for good while PostgreSQL answers, so the failure is recorded.
                    await giveUp(exception);
                    throw;
                }
            }
        }
    }

    // A timeout may be due to a slow statement or to an outage, so the server is asked.
    private async Task<bool> IsAwayAsync(Exception exception, CancellationToken ct) =>
        exception is NpgsqlException { InnerException: TimeoutException } ? !await AnswersAsync(ct) : DatabaseOutage.IsAway(exception);

    private async Task<bool> AnswersAsync(CancellationToken ct)
    {
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            await using NpgsqlCommand command = new("select 1", connection) { CommandTimeout = AnswerTimeout };
            await command.ExecuteScalarAsync(ct);
            return true;
        }
        catch (NpgsqlException)
        {
            // Whatever the error is, the server does not answer.
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            571,
            LogLevel.Warning,
            "Step {Step} of run {RunId} failed; try {Attempt} of {Retries} more follows. Nothing of it was committed."
        )]
        public static partial void StepFailed(ILogger logger, string step, Guid runId, int attempt, int retries, Exception exception);

        // DatabaseState has logged the outage and its reason as a warning.
        [LoggerMessage(572, LogLevel.Information, "Step {Step} of run {RunId} waits for PostgreSQL, up to {Budget}.")]
        public static partial void DatabaseIsAway(ILogger logger, string step, Guid runId, TimeSpan budget);

        [LoggerMessage(573, LogLevel.Information, "PostgreSQL is back in step {Step} of run {RunId} after {Away}; the night goes on.")]
        public static partial void DatabaseIsBack(ILogger logger, string step, Guid runId, TimeSpan away);
    }
}
