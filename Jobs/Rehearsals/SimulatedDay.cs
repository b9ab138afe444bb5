using Overnight.Core.Deadlines;
using Overnight.Core.Market.Calendars;

namespace Overnight.Jobs.Rehearsals;

/// <summary>A day of a market as it was simulated.</summary>
/// <param name="WhyNot">Why no run was due; null where one was.</param>
/// <param name="ForecastAt">When its run was expected to be finished, as it began; null while no night has been measured.</param>
/// <param name="Took">From its start to its end; null where it did not end.</param>
/// <param name="Status">Of the run: completed, partial or failed; null where none was started.</param>
/// <param name="State">Against its deadline.</param>
internal sealed record SimulatedDay(
    MarketDay Day,
    string? WhyNot,
    DateTimeOffset? ForecastAt = null,
    TimeSpan? Took = null,
    int Computed = 0,
    int Failed = 0,
    string? Status = null,
    DeadlineState? State = null
)
{
    /// <summary>Whether the run computed every user by the deadline; true for a day without a run.</summary>
    public bool IsWell => WhyNot is not null || (Status == "completed" && State == DeadlineState.OnTime);

    /// <summary>Whether the run was not started, failed, or did not end by the deadline.</summary>
    public bool IsLost => WhyNot is null && (Status is null or "failed" || State != DeadlineState.OnTime);
}
