using Overnight.Core.Portfolios;

namespace Overnight.Jobs.Pipeline;

/// <summary>Validates a result before it is stored.</summary>
internal static class ResultValidator
{
    /// <summary>Largest entry in bytes. Real portfolios are far smaller, and a larger entry would block the cache server.</summary>
    private const int MaxBytes = 4 * 1024 * 1024;

    /// <exception cref="CalculationException">Amounts do not add up to the contribution, one is negative, the shares after buying do
    /// not add up to 100 %, or an entry is too large.</exception>
    public static void Validate(
        UserPortfolio portfolio,
        Core.Recommendations.Calculation calculation,
        byte[] recommendations,
        byte[] summary
    )
    {
        CheckSize("recommendations", recommendations);
        CheckSize("portfolio", summary);
        var sum = calculation.Unallocated;
        foreach (ref readonly var ranked in calculation.Ranked)
        {
            if (ranked.Amount.IsNegative)
                throw Invalid($"Amount {ranked.Amount} is negative.");
            sum += ranked.Amount;
        }
        var contribution = portfolio.Contribution ?? Decimal4.Zero;
        if (sum != contribution)
            throw Invalid($"Amounts add up to {sum}, not to the contribution {contribution}.");
        CheckShares(calculation.SharesAfter);
    }

    /// <summary>
    /// Each share is rounded by half a unit at most. All are 0 where the holdings are worth nothing and nothing is bought.
    /// </summary>
    internal static void CheckShares(ReadOnlySpan<Decimal4> shares)
    {
        long units = 0;
        foreach (var share in shares)
        {
            if (share.IsNegative)
                throw Invalid($"The share {share} of a class after buying is negative.");
            units += share.Units;
        }
        if (units != 0 && 2 * Math.Abs(units - Decimal4.Hundred.Units) > shares.Length)
            throw Invalid($"The shares of the classes after buying add up to {new Decimal4(units)} %.");
    }

    private static void CheckSize(string name, byte[] entry)
    {
        if (entry.Length > MaxBytes)
            throw Invalid($"The entry {name} has {entry.Length} bytes; at most {MaxBytes} are cached.");
    }

    private static CalculationException Invalid(string detail) => new(CalculationStage.Validate, "invalid_result", detail);
}
