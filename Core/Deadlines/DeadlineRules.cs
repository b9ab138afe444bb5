namespace Overnight.Core.Deadlines;

/// <summary>When a night or warm is due, and when it is to be finished.</summary>
public readonly record struct DeadlineTimes(DateTimeOffset DueAt, DateTimeOffset DeadlineAt);

/// <summary>The work on a night or warm, as it is now.</summary>
/// <param name="Id">The run; null for a warm.</param>
/// <param name="IsFailed">Whether it failed, so that nothing of it goes on.</param>
/// <param name="FinishedAt">When the last part of it was done; null while a part is unfinished, or when it failed.</param>
/// <param name="Remaining">Users that are left.</param>
/// <param name="Rate">Users per second; 0 when it stalls, null when it is not known yet.</param>
public sealed record DeadlineWork(Guid? Id, bool IsFailed, DateTimeOffset? FinishedAt = null, long Remaining = 0, double? Rate = null)
{
    /// <summary>When it will be finished; the end of time when it stalls, null when that is not known.</summary>
    public DateTimeOffset? Forecast(DateTimeOffset now)
    {
        if (FinishedAt is not null)
            return FinishedAt;
        if (IsFailed || Rate is not { } rate)
            return null;
        var seconds = Remaining == 0 ? 0 : Remaining / rate;
        return seconds < (DateTimeOffset.MaxValue - now).TotalSeconds - 1 ? now.AddSeconds(seconds) : DateTimeOffset.MaxValue;
    }
}

/// <summary>A night or warm against its deadline, as it was found at a tick.</summary>
/// <param name="Since">When it took this state.</param>
/// <param name="CheckedAt">The tick.</param>
/// <param name="ForecastAt">When it will be, or was, finished; null when it stalls, or when that is not known.</param>
/// <param name="FinishedAt">When it was finished; it does not change any more then.</param>
/// <param name="ClearTicks">Ticks in a row at which a night at risk had a forecast well before the deadline.</param>
/// <param name="WasTroubled">Whether it was ever at risk, late, missed or failed.</param>
public sealed record DeadlineStatus(
    DeadlineState State,
    DateTimeOffset Since,
    DateTimeOffset CheckedAt,
    Guid? RunId = null,
    DateTimeOffset? ForecastAt = null,
    DateTimeOffset? FinishedAt = null,
    int ClearTicks = 0,
    bool WasTroubled = false
)
{
    /// <summary>Time from the forecast to the deadline: negative after it, null without a forecast.</summary>
    public TimeSpan? Margin(DeadlineTimes times) => times.DeadlineAt - ForecastAt;

    /// <summary>For people: the state, the deadline, and the forecast or the end with its margin.</summary>
    public string Describe(DeadlineTimes times)
    {
        var deadline =
            $"{State.Name()} since {Since.UtcDateTime:yyyy-MM-dd HH:mm}Z, deadline {times.DeadlineAt.UtcDateTime:yyyy-MM-dd HH:mm}Z";
        if (ForecastAt is not { } end || Margin(times) is not { } margin)
            return $"{deadline}, no forecast";
        return $"{deadline}, {(FinishedAt is null ? "forecast" : "finished")} {end.UtcDateTime:yyyy-MM-dd HH:mm}Z, "
            + $"{Math.Ceiling(Math.Abs(margin.TotalMinutes)):F0} min {(margin < TimeSpan.Zero ? "after" : "before")} it";
    }
}

/// <summary>The states of a night or warm, from one tick to the next. Knows no clock and no database.</summary>
public static class DeadlineRules
{
    /// <summary>Time after which a night that has no run is missed; its deadline where that is sooner.</summary>
    public static readonly TimeSpan BeginsWithin = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long before the deadline the forecast must be, at so many ticks in a row, before a night is no longer at risk.
    /// </summary>
    public static readonly TimeSpan Clear = TimeSpan.FromMinutes(2);
    public const int NeededClearTicks = 3;

    /// <summary>Ticks are a minute apart; those of other replicas come within this time and count as the same one.</summary>
    public static readonly TimeSpan SameTick = TimeSpan.FromSeconds(30);

    /// <summary>The state of a night or warm that has just become due.</summary>
    public static DeadlineStatus Begin(DeadlineTimes times) => new(DeadlineState.OnTime, times.DueAt, times.DueAt);

    /// <param name="work">The run or warm; null when none has begun.</param>
    public static DeadlineStatus Next(DeadlineTimes times, DeadlineStatus before, DeadlineWork? work, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(before);
        if (before.FinishedAt is not null)
            return before;
        var forecast = work?.Forecast(now);
        var clear = 0;
        var state = State(times, before, work, forecast, now);
        if (state == DeadlineState.OnTime && before.State == DeadlineState.AtRisk && work?.FinishedAt is null)
        {
            // A rate goes up and down; without this a night near its deadline would change its state every minute.
            clear = ClearTicks(times, before, forecast, now);
            if (clear < NeededClearTicks)
                state = DeadlineState.AtRisk;
            else
                clear = 0;
        }
        return before with
        {
            State = state,
            Since = state == before.State ? before.Since : now,
            CheckedAt = now,
            RunId = work?.Id,
            ForecastAt = forecast == DateTimeOffset.MaxValue ? null : forecast,
            FinishedAt = work?.FinishedAt,
            ClearTicks = clear,
            WasTroubled = before.WasTroubled || state != DeadlineState.OnTime || work is { IsFailed: true },
        };
    }

    /// <summary>Whether the step from one tick to the next is worth telling as a change of state.</summary>
    public static bool IsTold(DeadlineStatus before, DeadlineStatus after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        // After a notice that a night or warm was missed, its late end sends only the notice of recovery, not one that it is late.
        return after.State != before.State
            && after.State != DeadlineState.OnTime
            && (after.FinishedAt is null || before.State != DeadlineState.Missed);
    }

    /// <summary>Whether the step ends something that was told, or should have been.</summary>
    public static bool IsRecovered(DeadlineStatus before, DeadlineStatus after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        return before.FinishedAt is null && after.FinishedAt is not null && after.WasTroubled;
    }

    private static DeadlineState State(
        DeadlineTimes times,
        DeadlineStatus before,
        DeadlineWork? work,
        DateTimeOffset? forecast,
        DateTimeOffset now
    )
    {
        if (work?.FinishedAt is { } finished)
            return finished <= times.DeadlineAt ? DeadlineState.OnTime : DeadlineState.Late;
        if (work is null)
            return now >= times.DueAt + BeginsWithin || now >= times.DeadlineAt ? DeadlineState.Missed : before.State;
        if (now >= times.DeadlineAt)
            return DeadlineState.Late;
        return work.IsFailed || forecast > times.DeadlineAt ? DeadlineState.AtRisk : DeadlineState.OnTime;
    }

    private static int ClearTicks(DeadlineTimes times, DeadlineStatus before, DateTimeOffset? forecast, DateTimeOffset now)
    {
        if (forecast is null || forecast > times.DeadlineAt - Clear)
            return 0;
        return now - before.CheckedAt < SameTick ? before.ClearTicks : before.ClearTicks + 1;
    }
}
