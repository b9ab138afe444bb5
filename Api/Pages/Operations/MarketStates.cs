using Overnight.Api.Admin;
using Overnight.Api.Audit;
using Overnight.Api.Operations;
using Overnight.Api.Pages.Layout;

namespace Overnight.Api.Pages.Operations;

/// <summary>What a market's night is at.</summary>
/// <param name="State">Of the icon.</param>
/// <param name="IsOfRun">Whether the sentence is about the market's last run.</param>
internal readonly record struct MarketState(string State, string Word, TimedText Sentence, bool IsOfRun = false);

/// <summary>
/// Says what the night of a market is at: first by its state against the deadline, then by its run, then by the calendar.
/// </summary>
internal sealed class MarketStates(DateTimeOffset now, OperationsFormats formats)
{
    /// <summary>A run that is due begins within a minute; one that has not after this time is late.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(2);

    /// <summary>How long a finished night is shown; also the age from which a run under way is shown as hanging.</summary>
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    /// <summary>
    /// The latest night, where it is the one to speak of: not one that a later one has followed, nor one that ended long ago. A night that
    /// did not end is told until the next one is due, which can be days.
    /// </summary>
    public LatestNight? Night(MarketSchedule market) =>
        market.Latest is { } latest
        && (market.Current is null || market.Current.BusinessDate <= latest.BusinessDate)
        && ((latest.Night.FinishedAt ?? now) > now - Day || IsTrouble(latest.Night) && latest.Night.FinishedAt is null)
            ? latest
            : null;

    public MarketState Of(MarketSchedule market)
    {
        var night = Night(market);
        if (market.LastRun is { CompletedAt: null } live)
            return Live(live, night is not null && IsOf(live, night) ? night.Night : null);
        if (!market.HasUsers)
            return new("waiting", "no users", "so no night is started");
        if (market.Pause is { } pause)
            return new("provisional", "paused", formats.Sentence(pause));
        if (night is { Night: { FinishedAt: null } unfinished } && IsTrouble(unfinished))
        {
            // A run that has just ended, and has not failed, is shown by its own status; the night's row is updated within a minute.
            var run = market.LastRun is { } of && IsOf(of, night) ? of : null;
            if (run is null or { Status: "failed" })
                return Unfinished(run is not null, unfinished);
        }
        if (market.Current is { } current && market.LastRun?.BusinessDate != current.BusinessDate)
        {
            return now - current.DueAt > Slack
                ? new("wrong", "not started", $"due {formats.Duration(now - current.DueAt)} ago")
                : new("delayed", "due", "begins within a minute");
        }
        if (market.LastRun is { } last && IsOfTonight(market, last))
            return Ended(market, last, night is not null && IsOf(last, night) ? night : null);
        return new("waiting", "waiting", market.NoNightToday is { } why ? $"no night today: {why}" : "its night is not due yet");
    }

    private static bool IsTrouble(DeadlineItem night) => night.State is "missed" or "late" or "at-risk";

    private static bool IsOf(RunItem run, LatestNight night) => run.BusinessDate == night.BusinessDate;

    /// <param name="night">The night that it is a run of; null for another run.</param>
    private MarketState Live(RunItem run, DeadlineItem? night)
    {
        var progress =
            run.UsersTotal == 0
                ? "setting up: exchange rates, prices, users"
                : $"{formats.Count(run.UsersProcessed + run.UsersFailed)} of {formats.Count(run.UsersTotal)} users";
        var age = now - run.StartedAt;
        if (night is { FinishedAt: null } && now > night.DeadlineAt)
            return new("wrong", "late", $"{progress}, {formats.Duration(now - night.DeadlineAt)} after the deadline", IsOfRun: true);
        if (age > Day)
            return new("wrong", "running", $"{progress}, for {formats.Duration(age)}", IsOfRun: true);
        if (night is not { FinishedAt: null })
            return new("running", "running", progress, IsOfRun: true);
        var forecast = night.ForecastAt is { } at ? $", forecast {formats.Margin(night.DeadlineAt - at)}" : "";
        return night.State == "at-risk"
            ? new("provisional", "at risk", $"{progress}{(forecast.Length > 0 ? forecast : ", and it stalls")}", IsOfRun: true)
            : new("running", "running", $"{progress}{forecast}", IsOfRun: true);
    }

    /// <summary>A night in trouble of which nothing is under way.</summary>
    private MarketState Unfinished(bool hasRun, DeadlineItem night)
    {
        var due = $"due {formats.Duration(now - night.DueAt)} ago";
        if (!hasRun)
            return new("wrong", OperationsFormats.DeadlineWord(night.State), $"{due}, and nothing has run");
        return now > night.DeadlineAt
            ? new("wrong", "late", $"its run failed, {formats.Duration(now - night.DeadlineAt)} after the deadline", IsOfRun: true)
            : new(
                "wrong",
                "at risk",
                $"its run failed, {formats.Duration(night.DeadlineAt - now)} are left to the deadline",
                IsOfRun: true
            );
    }

    /// <param name="night">The night that it is a run of; null where none was recorded.</param>
    private MarketState Ended(MarketSchedule market, RunItem run, LatestNight? night)
    {
        var (state, word) = OperationsFormats.Status(run.Status);
        var failed = run.UsersFailed > 0 ? $"{formats.Count(run.UsersFailed)} of {formats.Count(run.UsersTotal)} users failed, " : "";
        var deadline = night?.Night.DeadlineAt
            ?? (market.Current is { } current && current.BusinessDate == run.BusinessDate ? current.DeadlineAt : (DateTimeOffset?)null);
        // A night is late by its own end: that of a revision which somebody started afterwards does not count.
        var end = night?.Night.FinishedAt ?? run.CompletedAt;
        var took = formats.Duration(run.DurationMs ?? 0);
        if (run.Status == "failed" || deadline is not { } must || end is not { } done)
            return new(state, word, $"{failed}{(run.Status == "failed" ? "after" : "done in")} {took}", IsOfRun: true);
        return new(
            done > must && state == "fresh" ? "provisional" : state,
            done > must && state == "fresh" ? "late" : word,
            $"{failed}done in {took}, {formats.Margin(must - done)}",
            IsOfRun: true
        );
    }

    /// <summary>Whether the run is of the night whose market has not opened yet, or ended within the last 24 hours.</summary>
    private bool IsOfTonight(MarketSchedule market, RunItem run) =>
        (market.Current is { } current && run.BusinessDate == current.BusinessDate) || run.CompletedAt > now - Day;
}
