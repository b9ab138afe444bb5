using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// The span of a whole run. The replica that plans the run opens it and stores its id in the run's row, so that the spans of
/// all replicas become its children, and exports it when the run has ended, whichever replica ended it. No other process can export a
/// span with that id, so its replica holds a lock while it is open; one that ends a run and finds the lock free exports a new span.
/// </summary>
internal sealed class RunSpan(NpgsqlDataSource dataSource)
{
    private const string Row =
        "select status, completed_at, metrics, error_details->>'step', error_details->>'message' from overnight_job_runs where id = $1";

    private readonly ConcurrentDictionary<Guid, (Activity Span, AdvisoryLock Held)> _open = new();

    /// <summary>Opens the span, unless nothing listens to the source or another replica has opened one.</summary>
    /// <returns>The run, with the parent of all its spans.</returns>
    public async Task<PipelineRun> OpenAsync(PipelineRun run, CancellationToken ct)
    {
        // A plan that is tried again has its span already.
        if (_open.TryGetValue(run.Id, out var open))
            return run with { Traceparent = open.Span.Id };
        if (
            !Telemetry.Source.HasListeners()
            || await AdvisoryLock.TryTakeAsync(dataSource, AdvisoryLock.RunSpan, $"{run.Id}", ct) is not { } held
        )
            return run;
        if (Telemetry.StartJob(run) is { Recorded: true } span)
        {
            _open[run.Id] = (span, held);
            return run with { Traceparent = span.Id };
        }
        // The trace is not sampled.
        await held.DisposeAsync();
        return run;
    }

    /// <summary>Exports the span of a run that has ended, where this replica has to.</summary>
    /// <param name="ended">Whether this replica ended it.</param>
    public async Task TellAsync(PipelineRun run, bool ended, CancellationToken ct)
    {
        if (_open.TryGetValue(run.Id, out var open))
        {
            await EndAsync(open.Span, run, ct);
            await LeaveAsync(run);
        }
        else if (ended && Telemetry.Source.HasListeners())
        {
            await using var held = await AdvisoryLock.TryTakeAsync(dataSource, AdvisoryLock.RunSpan, $"{run.Id}", ct);
            if (held is not null && Telemetry.StartJob(run) is { } instead)
                await EndAsync(instead, run, ct);
        }
    }

    /// <summary>Drops an open span without exporting it; the replica that ends the run exports one then.</summary>
    public async Task LeaveAsync(PipelineRun run)
    {
        if (_open.TryRemove(run.Id, out var open))
            await open.Held.DisposeAsync();
    }

    private async Task EndAsync(Activity span, PipelineRun run, CancellationToken ct)
    {
        await using var command = dataSource.Command(Row, run.Id);
        await using var row = await command.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct))
            return;
        var (status, figures) = (row.GetString(0), RunStatistics.Read(row.GetString(2)));
        span.SetTag("fetch_rates_ms", figures.FetchRatesMs)
            .SetTag("fetch_prices_ms", figures.FetchPricesMs)
            .SetTag("process_users_ms", figures.ProcessUsersMs)
            .SetTag("cache_warm_ms", figures.CacheWarmMs)
            .SetTag("users_total", figures.UsersTotal)
            .SetTag("users_success", figures.UsersSuccess)
            .SetTag("users_failed", figures.UsersFailed)
            .SetTag("assets_scored", figures.AssetsScored)
            .SetTag("recommendations_generated", figures.RecommendationsGenerated)
            .SetTag("overnight.status", status);
        if (status != "completed")
        {
            span.SetStatus(
                ActivityStatusCode.Error,
                await row.IsDBNullAsync(3, ct)
                    ? $"{Plural.Of(figures.UsersFailed ?? 0, "user")} failed; see run_failures of run {run.Id}."
                    : $"Step {row.GetString(3)} failed for good: {row.GetString(4)}"
            );
        }
        span.SetEndTime(row.GetFieldValue<DateTimeOffset>(1).UtcDateTime).Dispose();
    }
}
