namespace Overnight.Jobs.Scheduling;

/// <summary>Starts of runs besides the calendars of the markets, which are configured under <c>Markets</c>.</summary>
internal sealed class ScheduleOptions
{
    public const string Section = "Schedule";

    /// <summary>Whether a host that finds no run at all starts one at once, so that there is something to see.</summary>
    public bool RunAtFirstStart { get; set; } = true;
}
