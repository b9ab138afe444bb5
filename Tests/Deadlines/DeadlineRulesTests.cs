using Overnight.Core.Deadlines;

namespace Overnight.Tests.Deadlines;

/// <summary>SPEC A10: the states of a night, due at 12:30 and to be done by 14:00, from minute to minute.</summary>
public sealed class DeadlineRulesTests
{
    private static readonly DateTimeOffset Due = new(2026, 11, 23, 12, 30, 0, TimeSpan.Zero);
    private static readonly DeadlineTimes Times = new(Due, Due.AddMinutes(90));

    private readonly List<string> _told = [];
    private DeadlineStatus _status = DeadlineRules.Begin(Times);

    /// <summary>A thousand users a minute.</summary>
    private static DeadlineWork Work(long remaining) => new(Guid.Empty, false, null, remaining, 1_000 / 60.0);

    [Fact]
    public void A10_SlowNight_IsAtRiskBeforeAndLateAfterItsDeadline_EachToldOnce()
    {
        At(1, Work(80_000)); // to 13:51
        At(2, Work(88_000)); // to 14:00 sharp
        Assert.Equal((DeadlineState.OnTime, Times.DeadlineAt), (_status.State, _status.ForecastAt));
        At(3, Work(88_000));
        Assert.Equal((DeadlineState.AtRisk, Due.AddMinutes(3)), (_status.State, _status.Since));
        Assert.Equal(TimeSpan.FromMinutes(-1), _status.Margin(Times));
        for (var minute = 4; minute < 90; minute++)
            At(minute, Work(90_000));
        Assert.Equal(DeadlineState.AtRisk, _status.State);
        At(90, Work(1));
        At(91, Work(1));
        At(92, new(Guid.Empty, false, Due.AddSeconds(91.5 * 60)));
        Assert.Equal((DeadlineState.Late, Due.AddSeconds(91.5 * 60)), (_status.State, _status.FinishedAt));
        At(93, null);

        Assert.Equal(["3 at-risk", "90 late", "92 recovered"], _told);
        Assert.Equal(DeadlineState.Late, _status.State);
    }

    [Fact]
    public void A10_NightThatStalls_IsAtRiskWithoutAForecast()
    {
        At(1, new(Guid.Empty, false, null, 5_000, null)); // its rate is not known yet
        Assert.Equal((DeadlineState.OnTime, null), (_status.State, _status.ForecastAt));
        At(2, new(Guid.Empty, false, null, 5_000, 0));

        Assert.Equal((DeadlineState.AtRisk, null), (_status.State, _status.ForecastAt));
        Assert.Equal(["2 at-risk"], _told);
    }

    [Fact]
    public void A10_NightThatRecovers_IsOnTimeAfterThreeTicksTwoMinutesClear()
    {
        At(10, Work(81_000)); // to 14:01
        At(11, Work(76_000)); // to 13:57
        At(12, Work(76_000)); // to 13:58, two minutes clear
        At(13, Work(75_001)); // one second less than that
        At(14, Work(70_000));
        At(15, Work(70_000));
        Assert.Equal(DeadlineState.AtRisk, _status.State);
        At(15.2, Work(70_000)); // another replica's tick of the same minute
        Assert.Equal(DeadlineState.AtRisk, _status.State);
        At(16, Work(70_000));
        Assert.Equal((DeadlineState.OnTime, Due.AddMinutes(16)), (_status.State, _status.Since));
        At(17, new(Guid.Empty, false, Due.AddMinutes(17)));

        Assert.Equal(["10 at-risk", "17 recovered"], _told);
    }

    [Fact]
    public void A10_RunThatFails_IsAtRiskThenLate_AndItsRetryRecovers()
    {
        At(5, new(Guid.Empty, true));
        Assert.Equal(DeadlineState.AtRisk, _status.State);
        At(90, new(Guid.Empty, true));
        At(95, new(Guid.Empty, false, null, 10, null));
        At(96, new(Guid.Empty, false, Due.AddMinutes(96)));

        Assert.Equal(["5 at-risk", "90 late", "96 recovered"], _told);
    }

    [Fact]
    public void A10_NightAtRiskThatIsDoneInTime_WasOnTimeAndHasRecovered()
    {
        At(5, new(Guid.Empty, true));
        At(20, new(Guid.Empty, false, Times.DeadlineAt));

        Assert.Equal(DeadlineState.OnTime, _status.State);
        Assert.Equal(["5 at-risk", "20 recovered"], _told);
    }

    [Fact]
    public void A10_NightWithoutARun_IsMissedTenMinutesAfterItWasDue()
    {
        At(9, null);
        Assert.Equal(DeadlineState.OnTime, _status.State);
        At(10, null);
        Assert.Equal(DeadlineState.Missed, _status.State);
        At(95, null);
        Assert.Equal(DeadlineState.Missed, _status.State);
        At(96, new(Guid.Empty, false, Due.AddMinutes(96)));

        Assert.Equal(DeadlineState.Late, _status.State);
        Assert.Equal(["10 missed", "96 recovered"], _told);
    }

    [Fact]
    public void A10_NightDoneOnTime_IsToldNothing()
    {
        At(1, Work(1_000));
        At(2, new(Guid.Empty, false, Due.AddMinutes(2)));

        Assert.Equal((DeadlineState.OnTime, TimeSpan.FromMinutes(88)), (_status.State, _status.Margin(Times)));
        Assert.Empty(_told);
    }

    [Fact]
    public void A10_NightDoneLateBetweenTwoTicks_IsTold()
    {
        At(89, Work(10));
        At(92, new(Guid.Empty, false, Due.AddMinutes(91)));

        Assert.Equal(["92 late", "92 recovered"], _told);
    }

    private void At(double minute, DeadlineWork? work)
    {
        var after = DeadlineRules.Next(Times, _status, work, Due.AddMinutes(minute));
        if (DeadlineRules.IsTold(_status, after))
            _told.Add($"{minute} {after.State.Name()}");
        if (DeadlineRules.IsRecovered(_status, after))
            _told.Add($"{minute} recovered");
        _status = after;
    }
}
