namespace Overnight.Jobs.Scheduling;

/// <summary>What starts nights besides the calendars of the markets, which say when they are due (<c>Markets</c>).</summary>
internal sealed class ScheduleOptions
{
    public const string Section = "Schedule";

    /// <summary>Whether a host that finds no run at all starts one at once, so that there is something to see.</summary>
    public bool RunAtFirstStart { get; set; } = true;
}
