namespace Overnight.Core.Explanations;

/// <summary>A result of a user with everything that it was calculated from.</summary>
/// <param name="Number">Number of the run, by which runs of one business date are ordered.</param>
/// <param name="CorrelationId">The run's, as the result names it.</param>
public sealed record CapturedCalculation(
    Guid RunId,
    string Market,
    DateOnly BusinessDate,
    int Revision,
    long Number,
    Guid CorrelationId,
    Guid UserId,
    CalculationInputs Inputs
)
{
    /// <summary>Whether it replaced another result of the user: it is of a later date, or of a later run of the same date.</summary>
    public bool IsLaterThan(CapturedCalculation other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return (BusinessDate, Number).CompareTo((other.BusinessDate, other.Number)) > 0;
    }
}
