using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Core.Warming;

/// <summary>
/// Warms one set, in one process at a time and within its time limit. It resumes where a broken warm stopped, and stores its progress.
/// </summary>
public sealed partial class SetWarmer(
    NpgsqlDataSource database,
    CacheInstanceMarker marker,
    WarmProgressStore progress,
    WarmRuns runs,
    WarmTelemetry telemetry,
    TimeProvider time,
    ILogger<SetWarmer> logger
)
{
    /// <summary>How often progress is stored; a process that is killed repeats no more work than that of this time.</summary>
    private static readonly TimeSpan StoreInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Why a set broke last. The same reason, as while PostgreSQL is read-only, is not logged again.</summary>
    private readonly ConcurrentDictionary<string, string> _told = new(StringComparer.Ordinal);

    /// <returns>The outcome, which includes failures of the set.</returns>
    /// <exception cref="OperationCanceledException">The process stops; the set is resumed later.</exception>
    public async Task<WarmOutcome> WarmAsync(
        WarmSet set,
        WarmRequest request,
        Guid correlationId,
        IProgress<WarmSetProgress>? setProgress,
        CancellationToken ct
    )
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(request);
        using var span = WarmTelemetry.StartSet(set.Name, request.Trigger);
        var begin = time.GetTimestamp();
        WarmOutcome outcome;
        try
        {
            await using var held = await AdvisoryLock.TryTakeAsync(database, AdvisoryLock.Warm, set.Name, ct);
            outcome = held is null
                ? new(set.Name, WarmStatus.Running, 0, 0, time.GetElapsedTime(begin))
                : await WarmAloneAsync(set, request, correlationId, setProgress, ct);
        }
        catch (Exception exception) when (exception is NpgsqlException or CacheAwayException)
        {
            // PostgreSQL or the cache can't be reached, so nothing was recorded, and the set stays due.
            outcome = new(set.Name, WarmStatus.Failed, 0, 0, time.GetElapsedTime(begin), Error: exception.Message);
        }
        telemetry.Ended(request.Trigger, outcome, span);
        Tell(request.Trigger, outcome);
        return outcome;
    }

    private async Task<WarmOutcome> WarmAloneAsync(
        WarmSet set,
        WarmRequest request,
        Guid correlationId,
        IProgress<WarmSetProgress>? setProgress,
        CancellationToken ct
    )
    {
        var server = await marker.EnsureAsync();
        var run = await runs.BeginAsync(correlationId, request.Trigger, set.Name, ct);
        var state = request.IsWhole
            ? await progress.BeginAsync(set.Name, run, request.Trigger, server, ct)
            : new(set.Name, run, request.Trigger.Name(), server, null, 0, 0, time.GetUtcNow(), time.GetUtcNow(), null);

        var outcome = await FollowAsync(set, request, state, setProgress, ct);
        // Recorded also when the process stops, because the next try starts from it.
        await runs.EndAsync(run, set.Declaration, outcome, CancellationToken.None);
        ct.ThrowIfCancellationRequested();
        return outcome;
    }

    /// <summary>Runs the set's steps until they end, fail, or reach the time limit.</summary>
    private async Task<WarmOutcome> FollowAsync(
        WarmSet set,
        WarmRequest request,
        WarmProgress state,
        IProgress<WarmSetProgress>? setProgress,
        CancellationToken ct
    )
    {
        // The set's own limit completes the warm; the request's limit leaves the rest for the next check.
        var isOwn = request.TimeLimit is not { } whole || whole >= set.Declaration.TimeLimit;
        using var limit = new CancellationTokenSource(isOwn ? set.Declaration.TimeLimit : request.TimeLimit!.Value, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        var begin = time.GetTimestamp();
        var stored = begin;
        var from = state.Reached;
        var resumed = state.Reached is null ? (long?)null : state.Warmed;
        var most = request.Count ?? set.Declaration.Limit;
        if (most is { } all)
            most = (int)Math.Max(0, all - state.Warmed - state.Failed);
        var cutShort = false;
        string? error = null;
        try
        {
            await foreach (var step in set.WarmAsync(new(most, request.Tenant, state.Reached, state.StartedAt, request.Keys), either.Token))
            {
                state = state with { Reached = step.Reached, Warmed = state.Warmed + step.Warmed, Failed = state.Failed + step.Failed };
                telemetry.Wrote(set.Name, request.Trigger, step);
                setProgress?.Report(new(set.Name, state.Warmed, state.Failed));
                if (request.IsWhole && time.GetElapsedTime(stored) >= StoreInterval)
                {
                    stored = time.GetTimestamp();
                    await progress.WriteAsync(state, either.Token);
                }
            }
            if (await marker.FindAsync() != state.Marker)
                error = "The cache server lost its data during the warm.";
        }
        catch (Exception) when (limit.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            // The set may have turned the cancellation into any exception.
            cutShort = true;
        }
        catch (Exception exception)
        {
            // Any failure concerns this set only; the warm is broken here and resumed by the next check.
            error = ct.IsCancellationRequested ? "The process was stopped." : exception.Message;
        }
        // Only tries that make no progress count as stuck.
        var stuck =
            error is null ? (DateTimeOffset?)null
            : state.Reached == from ? state.StuckSince ?? time.GetUtcNow()
            : time.GetUtcNow();
        state = state with { StuckSince = stuck };
        var took = time.GetElapsedTime(begin);
        var left = cutShort ? await LeftAsync(set, request, state, ct) : null;
        if (request.IsWhole)
            await StoreAsync(error is null && (isOwn || !cutShort) ? state with { CompletedAt = time.GetUtcNow() } : state);
        return new(set.Name, Judge(state, cutShort, error), state.Warmed, state.Failed, took, resumed, cutShort, error, left);
    }

    private static async Task<long?> LeftAsync(WarmSet set, WarmRequest request, WarmProgress state, CancellationToken ct)
    {
        try
        {
            var all = await set.EstimateAsync(
                new(request.Count ?? set.Declaration.Limit, request.Tenant, null, state.StartedAt, request.Keys),
                ct
            );
            return Math.Max(0, all - state.Warmed - state.Failed);
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException)
        {
            // PostgreSQL is away, or the process stops; the warm is recorded without the count.
            return null;
        }
    }

    private async Task StoreAsync(WarmProgress state)
    {
        try
        {
            await progress.WriteAsync(state, CancellationToken.None);
        }
        catch (NpgsqlException exception)
        {
            // The progress that was stored last stays valid, so a few entries are warmed twice.
            Log.NotStored(logger, state.Set, exception.Message);
        }
    }

    private static WarmStatus Judge(WarmProgress state, bool cutShort, string? error) =>
        error is not null || (state.Warmed == 0 && state.Failed > 0) ? WarmStatus.Failed
        : cutShort || state.Failed > 0 ? WarmStatus.Partial
        : WarmStatus.Completed;

    private void Tell(WarmTrigger trigger, WarmOutcome outcome)
    {
        if (outcome.Error is not null)
        {
            if (!_told.TryGetValue(outcome.Set, out var told) || told != outcome.Error)
                Log.Broke(logger, outcome.Set, trigger.Name(), outcome.Warmed, outcome.Error);
            _told[outcome.Set] = outcome.Error;
            return;
        }
        if (outcome.Status != WarmStatus.Running)
            _told.TryRemove(outcome.Set, out _);
        if (outcome.IsCutShort)
            Log.CutShort(
                logger,
                outcome.Set,
                trigger.Name(),
                (long)outcome.Duration.TotalMilliseconds,
                outcome.Warmed,
                outcome.Failed,
                outcome.Left
            );
        else if (outcome.Status != WarmStatus.Running)
            Log.Ended(
                logger,
                outcome.Set,
                trigger.Name(),
                outcome.StatusName,
                outcome.Warmed,
                outcome.Failed,
                outcome.ResumedAt ?? 0,
                (long)outcome.Duration.TotalMilliseconds
            );
    }

    private static partial class Log
    {
        [LoggerMessage(
            401,
            LogLevel.Information,
            "Warm set {Set} ({Trigger}) is {Outcome} after {Milliseconds} ms. Entries in the cache: {Warmed}, of them by an earlier try: {Resumed}; failed: {Failed}."
        )]
        public static partial void Ended(
            ILogger logger,
            string set,
            string trigger,
            string outcome,
            long warmed,
            long failed,
            long resumed,
            long milliseconds
        );

        [LoggerMessage(
            402,
            LogLevel.Warning,
            "Warm set {Set} ({Trigger}) broke, and is resumed where it stopped. Entries in the cache: {Warmed}. {Reason}"
        )]
        public static partial void Broke(ILogger logger, string set, string trigger, long warmed, string reason);

        [LoggerMessage(
            405,
            LogLevel.Warning,
            "Warm set {Set} ({Trigger}) reached its time limit after {Milliseconds} ms. Entries in the cache: {Warmed}, failed: {Failed}, "
                + "left by estimate: {Left}; those are cached when they are read."
        )]
        public static partial void CutShort(
            ILogger logger,
            string set,
            string trigger,
            long milliseconds,
            long warmed,
            long failed,
            long? left
        );

        [LoggerMessage(
            403,
            LogLevel.Warning,
            "The progress of warm set {Set} could not be stored, so some of its entries are warmed again after a break. {Reason}"
        )]
        public static partial void NotStored(ILogger logger, string set, string reason);
    }
}
