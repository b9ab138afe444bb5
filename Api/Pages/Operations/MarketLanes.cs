using System.Globalization;
using Overnight.Api.Audit;
using Overnight.Api.Operations;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Layout;

namespace Overnight.Api.Pages.Operations;

/// <summary>
/// Lays out the nights of the markets along a day: when each is due, when it ran, when it must be done, and when its market opens.
/// </summary>
internal sealed class MarketLanes(DateTimeOffset now, OperationsFormats formats)
{
    private static readonly TimeSpan Length = TimeSpan.FromHours(24),
        Before = TimeSpan.FromHours(9),
        Between = TimeSpan.FromHours(6);

    /// <summary>The narrowest bar that is seen, in percent.</summary>
    private const double LeastWidth = 0.5;

    /// <summary>On a full multiple of three hours, so that ticks stand still for a while.</summary>
    private readonly DateTimeOffset _from = Floor(now - Before);

    private readonly MarketStates _states = new(now, formats);

    public string NowAt => OperationsFormats.Place(At(now));

    public IReadOnlyList<LaneTick> Ticks =>
        [
            .. Enumerable
                .Range(0, (int)(Length / Between))
                .Select(step => _from + (step * Between))
                .Select(moment => new LaneTick(
                    OperationsFormats.Place(At(moment)),
                    moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                    moment.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture)
                )),
        ];

    public MarketLane Lane(MarketSchedule market)
    {
        var state = _states.Of(market);
        // The last night while its deadline is in the picture, for it may be late or missed; then the one that comes.
        var latest = _states.Night(market)?.Night is { } last && Place(last.DeadlineAt) is not null ? last : null;
        var night = market.Current ?? market.Next;
        var (due, deadline) = latest is null ? (night?.DueAt, night?.DeadlineAt) : (latest.DueAt, latest.DeadlineAt);
        var open = latest is not null && market.Current is null ? null : night?.OpenAt;
        var forecast = latest is { FinishedAt: null } ? latest.ForecastAt : null;
        var run = market.LastRun;
        return new(
            market.Market,
            market.Name,
            state.State,
            state.Word,
            state.Sentence,
            NextDue(market),
            NoNext(market),
            run is null || !state.IsOfRun ? null : OperationsPaths.Run(run.Id),
            Place(due),
            Place(deadline),
            Place(open),
            Place(forecast),
            run is null ? null : Bar(run),
            Describe(market, due, deadline, open, forecast)
        );
    }

    /// <summary>When the schedule starts the next night; null where it is paused then, or there is none.</summary>
    public static DateTimeOffset? NextStart(MarketSchedule market) =>
        market is { HasUsers: true, Next: { } next } && (market.Pause is null || market.Pause.Until <= next.DueAt) ? next.DueAt : null;

    private MomentViewModel? NextDue(MarketSchedule market) =>
        market.Pause is null || NextStart(market) is not null ? formats.Moment(market.Next?.DueAt) : null;

    private TimedText NoNext(MarketSchedule market) =>
        market.Next is null ? "none within a year"
        : market.Pause is { Until: { } until } ? new TimedText([("paused until ", formats.Moment(until))])
        : "paused";

    private WaterfallBar? Bar(RunItem run)
    {
        var end = run.CompletedAt ?? now;
        if (end < _from || run.StartedAt > _from + Length)
            return null;
        var at = Math.Max(0, At(run.StartedAt));
        var width = Math.Max(LeastWidth, At(end) - at);
        return new(
            OperationsFormats.Place(Math.Min(at, 100 - width)),
            OperationsFormats.Place(width),
            run.CompletedAt is null ? "running"
                : run.Status == "completed" ? "done"
                : "failed"
        );
    }

    private TimedText Describe(
        MarketSchedule market,
        DateTimeOffset? due,
        DateTimeOffset? deadline,
        DateTimeOffset? open,
        DateTimeOffset? forecast
    )
    {
        if (due is null)
            return $"{market.Name}: no night within a year";
        List<(string, MomentViewModel?)> moments = [];
        foreach (
            var (words, moment) in ((string, DateTimeOffset?)[])
                [("due", due), ("forecast", forecast), ("deadline", deadline), ("market opens", open)]
        )
        {
            if (moment is { } at)
                moments.Add(($"{(moments.Count == 0 ? $"{market.Name}: " : ", ")}{words} ", formats.Moment(at)));
        }
        return new(moments);
    }

    private string? Place(DateTimeOffset? moment) =>
        moment is { } at && At(at) is >= 0 and <= 100 and var place ? OperationsFormats.Place(place) : null;

    private double At(DateTimeOffset moment) => 100 * ((moment - _from) / Length);

    private static DateTimeOffset Floor(DateTimeOffset moment)
    {
        var step = TimeSpan.FromHours(3).Ticks;
        return new(moment.UtcTicks - (moment.UtcTicks % step), TimeSpan.Zero);
    }
}
