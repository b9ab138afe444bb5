namespace Overnight.Core.Portfolios;

/// <summary>The stage of a user's calculation that failed.</summary>
public enum CalculationStage
{
    Load,
    Score,
    Recommend,
    Validate,
    Write,
}

/// <summary>A user can't be computed. The run records stage and reason and goes on with the other users.</summary>
public sealed class CalculationException : Exception
{
    public CalculationException(CalculationStage stage, string reason, string detail)
        : base(detail)
    {
        Stage = stage;
        Reason = reason;
    }

    public CalculationException()
        : this(CalculationStage.Load, "unknown", "The calculation failed.") { }

    public CalculationException(string message)
        : this(CalculationStage.Load, "unknown", message) { }

    public CalculationException(string message, Exception innerException)
        : base(message, innerException) => Reason = "unknown";

    public CalculationStage Stage { get; }

    /// <summary>
    /// Machine-readable reason: <c>no_criteria</c>, <c>corrupt_criteria</c>, <c>no_priced_holding</c>, <c>missing_exchange_rate</c>, ...
    /// </summary>
    public string Reason { get; }
}
