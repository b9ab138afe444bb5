using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// The span of a whole run (SPEC A8). The replica that plans the run opens it and puts its id on the run's row, so that what
/// any replica does from then on is below it, and tells it when the run is over, whoever ended it. Nobody can tell another's
/// span under its id: so while it is open its replica holds a lock, and whoever ends a run and finds that free tells one in its stead.
/// </summary>
internal sealed class RunSpan(NpgsqlDataSource dataSource)
{
    private const string Row =
        "select status, completed_at, metrics, error_details->>'step', error_details->>'message' from overnight_job_runs where id = $1";

    private readonly ConcurrentDictionary<Guid, (Activity Span, AdvisoryLock Held)> _open = new();

    /// <summary>Opens it, unless nobody listens or another replica has.</summary>
    /// <returns>The run, with what is to be above all that is done for it.</returns>
    public async Task<PipelineRun> OpenAsync(PipelineRun run, CancellationToken ct)
    {
        // A plan that is tried again has it.
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
        // The trace is not one of those told.
        await held.DisposeAsync();
        return run;
    }

    /// <summary>Tells of a run that is over, where it is for this replica to do.</summary>
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

    /// <summary>Lets go of it. One that was not told is left to whoever ends the run: a span that is never ended is never sent.</summary>
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
        var (status, figures) = (row.GetString(0), RunMetrics.Read(row.GetString(2)));
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
