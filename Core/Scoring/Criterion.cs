using Overnight.Core.Market;
using Overnight.Core.Portfolios;

namespace Overnight.Core.Scoring;

/// <summary>How a metric is compared. The numbers are stored: never renumber.</summary>
public enum ComparisonOperator
{
    GreaterThan,
    GreaterOrEqual,
    LessThan,
    LessOrEqual,
    Equals,
    Between,
    Exists,
}

/// <summary>One criterion of a user.</summary>
/// <param name="IdJson">The id as the inside of a JSON string: UTF-8, already escaped.</param>
/// <param name="NameJson">The name as the inside of a JSON string: UTF-8, already escaped.</param>
/// <param name="Value">The number compared with; the lower bound of <see cref="ComparisonOperator.Between"/>, inclusive.</param>
/// <param name="Upper">The upper bound of <see cref="ComparisonOperator.Between"/>, inclusive; otherwise 0.</param>
/// <param name="Points">Points that a match adds: -100 to 100, up to 4 decimals.</param>
/// <param name="Required">A bit per <see cref="Metric"/>; the criterion is skipped where one of them is unknown.</param>
public readonly record struct Criterion(
    ReadOnlyMemory<byte> IdJson,
    ReadOnlyMemory<byte> NameJson,
    Metric Metric,
    ComparisonOperator Operator,
    decimal Value,
    decimal Upper,
    Decimal4 Points,
    ushort Required
)
{
    /// <summary>The bound as floating point, with which most comparisons are decided; see <see cref="Scorer"/>.</summary>
    internal double NearValue { get; } = (double)Value;

    internal double NearUpper { get; } = (double)Upper;
}
