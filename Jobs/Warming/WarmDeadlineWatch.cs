using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overnight.Core.Data;
using Overnight.Core.Deadlines;
using Overnight.Core.Flags;
using Overnight.Core.Schedules;
using Overnight.Core.Warming;

namespace Overnight.Jobs.Warming;

/// <summary>
/// Compares each scheduled warm with its deadline and counts the errors of warming flags, once a minute and before sets are warmed, in
/// every replica; one of them records each change.
/// </summary>
internal sealed partial class WarmDeadlineWatch(
    IServiceProvider services,
    WarmDeadlines deadlines,
    WarmProgressStore progress,
    SchedulePauses pauses,
    IOptions<WarmingOptions> options,
    DatabaseState database,
    TimeProvider time,
    ILogger<WarmDeadlineWatch> logger
)
{
    /// <summary>Age of the oldest pauses that are read; the longest interval of a set is shorter.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(31);

    private string? _told;

    public async Task TickAsync(CancellationToken ct)
    {
        if (!options.Value.Enabled)
            return;
        try
        {
            await CompareAsync(time.GetUtcNow(), ct);
            if (await services.GetRequiredService<FlagWarmErrorNotices>().TellAsync(time.GetUtcNow(), ct) is > 0 and var errors)
                Log.FlagErrors(logger, errors);
            _told = null;
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // The next minute compares again. A repeated failure is logged once.
            if (!database.IsAway(exception) && _told != exception.Message)
                Log.Failed(logger, _told = exception.Message);
        }
    }

    private async Task CompareAsync(DateTimeOffset now, CancellationToken ct)
    {
        // Resolved late, since the sets connect to the cache when they are made.
        var sets = services
            .GetRequiredService<Warmer>()
            .Sets.Select(set => set.Declaration)
            .Where(set => set.IsAutomatic && set.Interval > TimeSpan.Zero)
            .ToDictionary(set => set.Name, StringComparer.Ordinal);
        var rows = await progress.ReadAsync(ct);
        var paused = await pauses.ReadAsync(now - Longest, ct);
        foreach (var set in sets.Values)
        {
            // A warm that broke is resumed, and its row is still open.
            if (
                rows.GetValueOrDefault(set.Name) is { CompletedAt: not null } row
                && DueWarmSets.Next(set, row) is { } due
                && due <= now
                && paused.Begins(ScheduleKind.Set, set.Name, due, now) is { } begins
            )
                await deadlines.AddAsync(set, begins, ct);
        }
        foreach (var warm in await deadlines.ReadOpenAsync(ct))
        {
            // The deadline of a set that is no longer warmed by the schedule is not compared any more.
            if (!sets.ContainsKey(warm.Set))
                continue;
            var work = WarmDeadlines.Work(warm, rows.GetValueOrDefault(warm.Set));
            if (work is null && paused.IsWithdrawn(ScheduleKind.Set, warm.Set, warm.Times, warm.Status, now))
            {
                await deadlines.WithdrawAsync(warm, ct);
                continue;
            }
            if (work is null && paused.At(ScheduleKind.Set, warm.Set, now) is not null)
                continue;
            var after = DeadlineRules.Next(warm.Times, warm.Status, work, now);
            if (!await deadlines.TryWriteAsync(warm, after, ct))
                continue;
            if (DeadlineRules.IsTold(warm.Status, after))
                Log.Troubled(logger, warm.Set, after.State.Name(), $"{warm.Times.DeadlineAt:yyyy-MM-dd HH:mm:ss}Z");
            if (DeadlineRules.IsRecovered(warm.Status, after))
                Log.Recovered(logger, warm.Set);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(642, LogLevel.Warning, "The scheduled warm of {Set} is {State}; its deadline is {Deadline}.")]
        public static partial void Troubled(ILogger logger, string set, string state, string deadline);

        [LoggerMessage(643, LogLevel.Information, "The scheduled warm of {Set} has recovered.")]
        public static partial void Recovered(ILogger logger, string set);

        [LoggerMessage(646, LogLevel.Warning, "Warms of flags failed more than once within an hour. Errors: {Errors}.")]
        public static partial void FlagErrors(ILogger logger, long errors);

        [LoggerMessage(
            644,
            LogLevel.Error,
            "Warms could not be compared with their deadlines; every minute tries again. {Reason}",
            EventName = "WarmWatchFailed"
        )]
        public static partial void Failed(ILogger logger, string reason);
    }
}
