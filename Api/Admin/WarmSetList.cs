using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Schedules;
using Overnight.Core.Warming;

namespace Overnight.Api.Admin;

/// <param name="Off">Configured sets that are off.</param>
/// <param name="WhyOff">Why they are; null when none is.</param>
internal sealed record WarmSetsAnswer(IReadOnlyList<WarmSetItem> Items, IReadOnlyList<string> Off, string? WhyOff);

/// <summary>A set that can be warmed.</summary>
/// <param name="Key">Template of its keys.</param>
/// <param name="TtlSeconds">TTL of its entries.</param>
/// <param name="IntervalSeconds">How often the schedule warms it; null for never.</param>
/// <param name="Automatic">Whether the service and deployments warm it.</param>
/// <param name="Last">Its last whole warm; null before the first.</param>
/// <param name="Next">When the schedule warms it again, at the end of its pause at the earliest; null when it does not.</param>
/// <param name="Pause">Why its schedule is paused; null when it is not.</param>
internal sealed record WarmSetItem(
    string Set,
    int Phase,
    string Key,
    long TtlSeconds,
    long? IntervalSeconds,
    bool Automatic,
    bool PerTenant,
    LastWarm? Last,
    DateTimeOffset? Next,
    PauseItem? Pause
);

/// <param name="Status">started while it is under way or was broken off, completed, partial or failed.</param>
/// <param name="StuckSince">Time of the first try in a row that broke at the same place; null when the last did not.</param>
internal sealed record LastWarm(
    Guid RunId,
    string Status,
    string Trigger,
    DateTimeOffset StartedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? CompletedAt,
    long Warmed,
    long Failed,
    DateTimeOffset? StuckSince
);

/// <summary>Lists the declared sets with their last warm.</summary>
internal sealed class WarmSetList(
    Warmer warmer,
    ConfiguredWarmSets configured,
    WarmProgressStore progress,
    SchedulePauses pauses,
    NpgsqlDataSource database,
    TimeProvider time
)
{
    public Task<WarmSetsAnswer> ReadAsync(CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            var now = time.GetUtcNow();
            var paused = await pauses.ReadAsync(now, ct);
            var rows = await progress.ReadAsync(ct);
            var statuses = await StatusesAsync([.. rows.Values.Select(row => row.RunId)], ct);
            return new WarmSetsAnswer(
                [
                    .. warmer.Sets.Select(set =>
                        Item(set.Declaration, rows.GetValueOrDefault(set.Name), paused.At(ScheduleKind.Set, set.Name, now), statuses)
                    ),
                ],
                configured.Off,
                configured.Off.Count == 0 ? null : configured.WhyOff
            );
        });

    private static WarmSetItem Item(WarmDeclaration set, WarmProgress? row, SchedulePause? pause, Dictionary<Guid, string> statuses)
    {
        var schedule = SetSchedule.From(set, row, pause);
        return new(
            set.Name,
            (int)set.Phase,
            set.Key,
            (long)set.Ttl.TotalSeconds,
            set.Interval > TimeSpan.Zero ? (long)set.Interval.TotalSeconds : null,
            set.IsAutomatic,
            set.IsPerTenant,
            row is null
                ? null
                : new(
                    row.RunId,
                    statuses.GetValueOrDefault(row.RunId, row.CompletedAt is null ? "started" : "completed"),
                    row.Trigger,
                    row.StartedAt,
                    row.UpdatedAt,
                    row.CompletedAt,
                    row.Warmed,
                    row.Failed,
                    row.StuckSince
                ),
            schedule.Starts(),
            schedule.Pause
        );
    }

    private async Task<Dictionary<Guid, string>> StatusesAsync(Guid[] runs, CancellationToken ct)
    {
        await using var command = database.Command("select id, status from overnight_job_runs where id = any ($1)", runs);
        await using var reader = await command.ExecuteReaderAsync(ct);
        Dictionary<Guid, string> statuses = [];
        while (await reader.ReadAsync(ct))
            statuses[reader.GetGuid(0)] = reader.GetString(1);
        return statuses;
    }
}

internal static class WarmSetListRoute
{
    public static void MapWarmSetList(this RouteGroupBuilder group) =>
        group
            .MapGet("cache/sets", ListAsync)
            .WithName("ListWarmSets")
            .WithSummary("The sets that can be warmed, in the order of phases, each with its last and next warm.");

    private static async Task<Ok<WarmSetsAnswer>> ListAsync(WarmSetList sets, CancellationToken ct) =>
        TypedResults.Ok(await sets.ReadAsync(ct));
}
