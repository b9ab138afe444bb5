using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;

namespace Overnight.Core.Explanations;

/// <summary>Writes the result of changed inputs as a night over them would, and stores nothing.</summary>
public static class WhatIfResultWriter
{
    /// <param name="result">The result whose inputs are changed; the answer names its run.</param>
    /// <param name="changed">Its inputs with changes.</param>
    /// <param name="generatedAt">UTC, to the millisecond.</param>
    /// <returns>The value of <c>recs:{userId}</c>.</returns>
    /// <exception cref="CalculationException">The changed inputs can't be calculated.</exception>
    public static byte[] Write(CapturedCalculation result, CalculationInputs changed, DateTimeOffset generatedAt)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(changed);
        var calculation = changed.Calculate();
        ResultWriter writer = new(changed.Market, new(result.Market, result.BusinessDate, result.Revision, result.CorrelationId));
        return writer.Recommendations(changed.Portfolio, changed.Criteria.Span, calculation, generatedAt);
    }
}
