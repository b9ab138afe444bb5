using System.Globalization;
using Overnight.Api.Audit;
using Overnight.Api.Operations;

namespace Overnight.Api.Pages.Operations;

/// <summary>
/// Lays out the nights of the markets along a day: when each is due, when it ran, when it must be done, and when its market opens.
/// </summary>
internal sealed class MarketLanes(DateTimeOffset now, OperationsFormats formats)
{
    private static readonly TimeSpan Length = TimeSpan.FromHours(24),
        Before = TimeSpan.FromHours(9),
        Between = TimeSpan.FromHours(6);

    /// <summary>A run that is due begins within a minute; one that has not after this time is late.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(2);

    /// <summary>The narrowest bar that is seen, in percent.</summary>
    private const double LeastWidth = 0.5;

    /// <summary>On a full multiple of three hours, so that ticks stand still for a while.</summary>
    private readonly DateTimeOffset _from = Floor(now - Before);

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
        var night = market.Current ?? market.Next;
        var (state, word, sentence) = Say(market);
        var run = market.LastRun;
        return new(
            market.Market,
            market.Name,
            state,
            word,
            sentence,
            market.Current is null || !market.HasUsers ? formats.Moment(market.Next?.DueAt) : null,
            run is null ? null : OperationsPaths.Run(run.Id),
            Place(night?.DueAt),
            Place(night?.DeadlineAt),
            Place(night?.OpenAt),
            run is null ? null : Bar(run),
            Describe(market, night)
        );
    }

    private (string State, string Word, string Sentence) Say(MarketSchedule market)
    {
        var run = market.LastRun;
        if (run is { CompletedAt: null })
        {
            return (
                "running",
                "running",
                run.UsersTotal == 0
                    ? "setting up: exchange rates, prices, users"
                    : $"{formats.Count(run.UsersProcessed + run.UsersFailed)} of {formats.Count(run.UsersTotal)} users"
            );
        }
        if (!market.HasUsers)
            return ("waiting", "no users", "so no night is started");
        if (market.Pause is { } pause)
            return ("provisional", "paused", pause.Reason);
        if (market.Current is { } current && run?.BusinessDate != current.BusinessDate)
        {
            return now - current.DueAt > Slack
                ? ("wrong", "not started", $"due {formats.Duration(now - current.DueAt)} ago")
                : ("delayed", "due", "begins within a minute");
        }
        if (run is not null && IsOfTonight(market, run))
        {
            var (state, word) = OperationsFormats.Status(run.Status);
            var failed = run.UsersFailed > 0 ? $"{formats.Count(run.UsersFailed)} of {formats.Count(run.UsersTotal)} users failed, " : "";
            return (state, word, $"{failed}{Margin(market, run)}");
        }
        return ("waiting", "waiting", market.NoNightToday is { } why ? $"no night today: {why}" : "its night is not due yet");
    }

    /// <summary>Whether the run prepared the open that comes, or the last one.</summary>
    private bool IsOfTonight(MarketSchedule market, RunItem run) =>
        (market.Current is { } current && run.BusinessDate == current.BusinessDate) || run.CompletedAt > now - Length;

    private string Margin(MarketSchedule market, RunItem run)
    {
        var took = $"done in {formats.Duration(run.DurationMs ?? 0)}";
        if (market.Current is not { } night || night.BusinessDate != run.BusinessDate || run.CompletedAt is not { } end)
            return took;
        return end <= night.DeadlineAt
            ? $"{took}, {formats.Duration(night.DeadlineAt - end)} before the deadline"
            : $"{took}, {formats.Duration(end - night.DeadlineAt)} after the deadline";
    }

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

    private static string Describe(MarketSchedule market, MarketNight? night) =>
        night is null
            ? $"{market.Name}: no night within a year"
            : $"{market.Name}: due {Utc(night.DueAt)}, deadline {Utc(night.DeadlineAt)}, market opens {Utc(night.OpenAt)} UTC";

    private static string Utc(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private string? Place(DateTimeOffset? moment) =>
        moment is { } at && At(at) is >= 0 and <= 100 and var place ? OperationsFormats.Place(place) : null;

    private double At(DateTimeOffset moment) => 100 * ((moment - _from) / Length);

    private static DateTimeOffset Floor(DateTimeOffset moment)
    {
        var step = TimeSpan.FromHours(3).Ticks;
        return new(moment.UtcTicks - (moment.UtcTicks % step), TimeSpan.Zero);
    }
}
