using Overnight.Api.Admin;
using Overnight.Api.Audit;
using Overnight.Api.Operations;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Pages.Operations;

namespace Overnight.Tests.Pages.Operations;

/// <summary>SPEC P5 and A10: what the overview says of a market's night, by its state against the deadline.</summary>
public sealed class MarketLaneTests
{
    /// <summary>Friday's night of New York: due at 12:30, to be done by 14:00, open at 14:30.</summary>
    private static readonly DateTimeOffset Due = new(2026, 11, 20, 12, 30, 0, TimeSpan.Zero);

    private static readonly DateTimeOffset Deadline = Due.AddMinutes(90);

    private static readonly DateTimeOffset Open = Due.AddHours(2);

    private static readonly DateOnly Friday = new(2026, 11, 20);

    [Fact]
    public void A10_NightThatWasMissed_IsSaidAlsoAfterTheOpenAndUntilTheNextIsDue()
    {
        var missed = Market() with { Latest = Night("missed") };

        foreach (var now in (DateTimeOffset[])[Open.AddMinutes(1), Open.AddDays(2)])
        {
            var lane = Lane(missed, now);
            Assert.Equal(("wrong", "missed"), (lane.State, lane.Word));
            Assert.Null(lane.RunPath);
        }
        Assert.Equal("due 2 h 30 min ago, and nothing has run", Plain(Lane(missed, Open.AddMinutes(30)).Sentence));
        var followed = missed with { Current = Of(new(2026, 11, 23), 3) };
        Assert.Equal("not started", Lane(followed, Due.AddDays(3).AddMinutes(5)).Word);
    }

    [Fact]
    public void A10_NightThatEndedAfterItsDeadline_IsLate_AndALaterRevisionIsNot()
    {
        var late = Market() with
        {
            LastRun = Run(Deadline.AddMinutes(-5), Deadline.AddMinutes(12)),
            Latest = Night("late", finished: Deadline.AddMinutes(12)),
        };
        var again = Market() with
        {
            LastRun = Run(Deadline.AddMinutes(20), Deadline.AddMinutes(30)),
            Latest = Night("on-time", finished: Deadline.AddMinutes(-40)),
        };

        var lane = Lane(late, Open.AddMinutes(5));
        Assert.Equal(("provisional", "late", "done in 17 min, 12 min after the deadline"), (lane.State, lane.Word, Plain(lane.Sentence)));
        Assert.NotNull(lane.RunPath);
        Assert.Equal("fresh", Lane(again, Open.AddMinutes(5)).State);
        Assert.EndsWith("40 min before the deadline", Plain(Lane(again, Open.AddMinutes(5)).Sentence), StringComparison.Ordinal);
    }

    [Fact]
    public void A10_NightUnderWay_SaysItsForecastAndWhenItIsAtRiskOrLate()
    {
        var running = Market() with { LastRun = Run(Due, null), Current = Of(Friday, 0) };
        var good = running with { Latest = Night("on-time", forecast: Deadline.AddMinutes(-30)) };
        var risk = running with { Latest = Night("at-risk", forecast: Deadline.AddMinutes(12)) };
        var stalled = running with { Latest = Night("at-risk") };
        var late = running with { Latest = Night("late", forecast: Deadline.AddHours(1)) };
        var now = Deadline.AddMinutes(-20);

        Assert.Equal(("running", "600 of 1,000 users, forecast 30 min before the deadline"), Said(good));
        Assert.Equal(("provisional", "600 of 1,000 users, forecast 12 min after the deadline"), Said(risk));
        Assert.Equal(("provisional", "600 of 1,000 users, and it stalls"), Said(stalled));
        Assert.Equal(("wrong", "late"), (Lane(late, Deadline.AddMinutes(3)).State, Lane(late, Deadline.AddMinutes(3)).Word));
        Assert.NotNull(Lane(risk, now).ForecastAt);
        Assert.Contains("forecast 2026-11-20, 14:12 UTC", Plain(Lane(risk, now).Description), StringComparison.Ordinal);

        (string, string) Said(MarketSchedule market) => (Lane(market, now).State, Plain(Lane(market, now).Sentence));
    }

    [Fact]
    public void A10_RunThatFailedOrHangs_IsNotPlainlyRunning()
    {
        var failed = Market() with
        {
            LastRun = Run(Due, Due.AddMinutes(20)) with { Status = "failed" },
            Latest = Night("at-risk"),
            Current = Of(Friday, 0),
        };
        var hangs = Market() with { LastRun = Run(Due.AddDays(-3), null) };

        Assert.Equal(
            ("wrong", "its run failed, 30 min are left to the deadline"),
            (Lane(failed, Deadline.AddMinutes(-30)).State, Plain(Lane(failed, Deadline.AddMinutes(-30)).Sentence))
        );
        Assert.Equal("late", Lane(failed with { Latest = Night("late") }, Deadline.AddMinutes(5)).Word);
        Assert.Equal("wrong", Lane(hangs, Due).State);
    }

    [Fact]
    public void A12_PausedMarket_SaysByWhomAndUntilWhen_AndStartsNoNightMeanwhile()
    {
        var next = Of(new(2026, 11, 23), 3);
        var open = Market() with { Next = next, Pause = new("stock split", Due, null, "admin-key") };
        var until = open with { Pause = new("stock split", Due, next.DueAt.AddHours(1), "admin") };
        var before = open with { Pause = new("stock split", Due, next.DueAt, "command") };

        Assert.Equal("by the admin key, until it is resumed: stock split", Plain(Lane(open, Open).Sentence));
        Assert.Equal("by an administrator, until 2026-11-23, 13:30 UTC: stock split", Plain(Lane(until, Open).Sentence));
        Assert.Equal((null, "paused"), (Lane(open, Open).NextAt, Plain(Lane(open, Open).NoNext)));
        Assert.Equal("paused until 2026-11-23, 13:30 UTC", Plain(Lane(until, Open).NoNext));
        Assert.Equal((null, null, next.DueAt), (MarketLanes.NextStart(open), MarketLanes.NextStart(until), MarketLanes.NextStart(before)));
        Assert.NotNull(Lane(before, Open).NextAt);
    }

    private static MarketLane Lane(MarketSchedule market, DateTimeOffset now) =>
        new MarketLanes(now, new(DisplayFormats.International)).Lane(market);

    private static string Plain(TimedText text) => $"{text}".Replace('\u00A0', ' ');

    private static MarketSchedule Market() =>
        new(
            "NYSE",
            "New York Stock Exchange",
            "America/New_York",
            "2 h before the open",
            true,
            null,
            Of(new(2026, 11, 23), 3),
            null,
            null,
            null,
            null
        );

    private static MarketNight Of(DateOnly day, int days) =>
        new(day, Due.AddDays(days), Deadline.AddDays(days), Open.AddDays(days), Open.AddDays(days).AddHours(6.5), false, "open", null);

    private static LatestNight Night(string state, DateTimeOffset? forecast = null, DateTimeOffset? finished = null) =>
        new(Friday, null, new(state, Due, Due, Deadline, finished ?? forecast, finished, null));

    private static RunItem Run(DateTimeOffset start, DateTimeOffset? end) =>
        new(
            Guid.CreateVersion7(),
            "scoring",
            end is null ? "started" : "completed",
            "NYSE",
            Friday,
            1,
            "schedule",
            start,
            end,
            end is { } at ? (long)(at - start).TotalMilliseconds : null,
            1_000,
            end is null ? 600 : 1_000,
            0,
            Guid.CreateVersion7(),
            RunLinks.Of(Guid.Empty)
        );
}
