using Overnight.Api.Admin;
using Overnight.Api.Audit;
using Overnight.Api.Operations;
using Overnight.Api.Pages.Layout;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Runs;
using Overnight.Core.Schedules;

namespace Overnight.Api.Pages.Operations;

/// <summary>Gathers the overview from what the API's routes show.</summary>
internal sealed class OverviewReader(
    MarketSchedules schedules,
    WorkerDirectory workers,
    WarmSetList sets,
    CacheStatisticsReader cache,
    ProviderStates providers,
    DoctorReader doctor,
    SchedulePauses pauses,
    TimeProvider time
)
{
    public async Task<OverviewViewModel> ReadAsync(OvernightContext database, OperationsFormats formats, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var markets = await schedules.ReadAsync(database, await pauses.ReadAsync(now, ct), ct);
        var findings = await doctor.ReadAsync(ct);
        MarketLanes lanes = new(now, formats);
        var shown = markets.Select(lanes.Lane).ToList();
        var last = markets
            .Select(market => market.LastRun)
            .OfType<RunItem>()
            .OrderByDescending(IsLive)
            .ThenByDescending(run => run.StartedAt);
        var run = last.FirstOrDefault();
        var next = markets.Where(market => MarketLanes.NextStart(market) is not null).MinBy(MarketLanes.NextStart);
        var (state, headline) = Headline(shown, findings.Items.Count);
        return new(
            headline,
            next is null ? NoNext(markets) : $"The next night is that of {next.Name}, due",
            formats.Moment(next?.Next?.DueAt),
            state,
            shown,
            lanes.Ticks,
            lanes.NowAt,
            run is null ? null : new RunViewModelBuilder(formats, time).Row(run),
            run is not null && IsLive(run),
            [
                .. (await workers.ListAsync(ct)).Select(worker => new WorkerRow(
                    worker.Host,
                    worker.ProcessId,
                    worker.IsSilent,
                    formats.Moment(worker.StartedAt),
                    formats.Moment(worker.SeenAt)
                )),
            ],
            Cache(formats),
            Warming(await sets.ReadAsync(ct), formats),
            await providers.ReadAsync(ct) is { } answer ? new(ProviderViewModelBuilder.Of(answer, formats).Rows) : null,
            [
                .. findings.Items.Select(found => new FindingRow(
                    formats.Sentence(found.What),
                    formats.Moment(found.Since),
                    formats.Advice(found.Advice)
                )),
            ],
            findings.NotChecked.Count == 0
                ? null
                : $"Not checked here, for the api's role may not read it: {string.Join(", ", findings.NotChecked)}. The command jobs doctor checks it."
        );
    }

    private static bool IsLive(RunItem run) => run.CompletedAt is null;

    private static (string State, string Headline) Headline(List<MarketLane> lanes, int findings)
    {
        var trouble = lanes.Where(lane => lane.State is "wrong" or "provisional").ToList();
        if (trouble.Count > 0)
            return ("wrong", $"{Names(trouble)} {(trouble.Count == 1 ? "needs" : "need")} a look.");
        if (findings > 0)
            return ("wrong", $"{(findings == 1 ? "One finding needs" : $"{findings} findings need")} a look.");
        if (lanes.Where(lane => lane.State == "running").ToList() is { Count: > 0 } running)
            return ("running", $"{Names(running)} {(running.Count == 1 ? "is" : "are")} running.");
        return lanes.Count(lane => lane.State == "fresh") is > 0 and var done
            ? ("fresh", $"{(done == 1 ? "One market is" : $"{done} markets are")} done, and nothing is stuck.")
            : ("fresh", "Nothing is running, and nothing is stuck.");
    }

    private static string NoNext(IReadOnlyList<MarketSchedule> markets) =>
        !markets.Any(market => market.HasUsers) ? "No market has users, so no night is started."
        : markets.Any(market => market is { HasUsers: true, Pause: not null })
            ? "Every market with users is paused, so the schedule starts no night."
        : "No market with users has a night within a year.";

    private static string Names(List<MarketLane> lanes) =>
        lanes.Count <= 2 ? string.Join(" and ", lanes.Select(lane => lane.Name)) : Plural.Of(lanes.Count, "market");

    private CacheCard Cache(OperationsFormats formats)
    {
        var figures = cache.Read();
        var latest = figures.LastFiveMinutes;
        return new(
            figures.Status switch
            {
                "healthy" => "fresh",
                "degraded" => "provisional",
                _ => "wrong",
            },
            figures.Status,
            formats.Percent(latest.HitRate),
            $"hits: {formats.Count(latest.Hits)}, misses: {formats.Count(latest.Misses)}, errors: {formats.Count(latest.Errors)}",
            figures.Circuit == "open" ? "The cache does not answer, so it is not asked for the moment; pages come from PostgreSQL." : null
        );
    }

    private static WarmingCard Warming(WarmSetsAnswer answer, OperationsFormats formats)
    {
        var broken = answer.Items.Where(set => set.Last is { Status: "failed" or "partial" }).ToList();
        var running = answer.Items.Where(set => set.Last is { Status: "started" }).ToList();
        var never = answer.Items.Count(set => set.Last is null);
        var paused = answer.Items.Where(set => set.Pause is not null).ToList();
        var next = answer.Items.Where(set => set.Next is not null).MinBy(set => set.Next);
        var (state, word) =
            broken.Count > 0 ? ("provisional", $"{Plural.Of(broken.Count, "set")} not whole")
            : running.Count > 0 ? ("running", $"{Plural.Of(running.Count, "set")} being warmed")
            : paused.Count > 0 ? ("provisional", $"{Plural.Of(paused.Count, "set")} paused")
            : never == answer.Items.Count ? ("waiting", "nothing warmed yet")
            : ("fresh", "warm");
        return new(
            state,
            word,
            $"of {Plural.Of(answer.Items.Count, "set")}{(never > 0 && never < answer.Items.Count ? $", {never} never warmed" : "")}",
            [
                .. broken.Select(set => (TimedText)$"{set.Set}: {set.Last!.Status}, failed entries: {formats.Count(set.Last.Failed)}"),
                .. paused.Select(set => formats.Sentence(set.Pause!, $"{set.Set}: paused ")),
            ],
            formats.Moment(next?.Next),
            next?.Set
        );
    }
}
