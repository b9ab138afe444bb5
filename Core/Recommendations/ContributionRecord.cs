namespace Overnight.Core.Recommendations;

/// <summary>
/// What became of the contribution, holding by holding, while it was shared. Made only where somebody asks why (SPEC C7); the night shares
/// without one.
/// </summary>
/// <param name="holdings">Number of holdings of the portfolio.</param>
internal sealed class ContributionRecord(int holdings)
{
    private readonly ContributionParts[] _parts = new ContributionParts[holdings];

    /// <summary>By index into the portfolio's holdings.</summary>
    public IReadOnlyList<ContributionParts> Parts => _parts;

    public void Shares(ReadOnlySpan<RankedHolding> ranked)
    {
        foreach (ref readonly var holding in ranked)
            _parts[holding.Holding] = new(holding.Amount.ToDecimal(), 0, 0, 0);
    }

    public void PooledOut(int holding, Portfolios.Decimal4 amount) =>
        _parts[holding] = _parts[holding] with { PooledOut = _parts[holding].PooledOut + amount.ToDecimal() };

    public void PooledIn(int holding, Portfolios.Decimal4 amount) =>
        _parts[holding] = _parts[holding] with { PooledIn = _parts[holding].PooledIn + amount.ToDecimal() };

    public void Remainder(int holding, Portfolios.Decimal4 amount) =>
        _parts[holding] = _parts[holding] with { Remainder = _parts[holding].Remainder + amount.ToDecimal() };
}

/// <summary>
/// The parts of a holding's amount, in base currency with 4 decimals: amount = <paramref name="Share"/> - <paramref name="PooledOut"/> +
/// <paramref name="PooledIn"/> + <paramref name="Remainder"/>, exactly.
/// </summary>
/// <param name="Share">By priority, or the equal share where no priority is positive, before anything is pooled.</param>
/// <param name="PooledOut">Given to the pool because the amount was below its class's minimum, summed over rounds; 0 or more.</param>
/// <param name="PooledIn">Taken from the pool, summed over rounds; 0 or more.</param>
/// <param name="Remainder">What rounding left, of either sign.</param>
public readonly record struct ContributionParts(decimal Share, decimal PooledOut, decimal PooledIn, decimal Remainder)
{
    /// <summary>The amount that the parts make.</summary>
    public decimal Amount => Share - PooledOut + PooledIn + Remainder;
}
