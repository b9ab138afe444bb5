using Overnight.Core.Portfolios;

namespace Overnight.Core.Recommendations;

/// <summary>
/// Shares a contribution among the holdings of classes that are not over-allocated, in proportion to positive priorities, or equally where
/// no priority is positive. Amounts have 4 decimals and add up to the contribution exactly.
/// </summary>
internal static class ContributionSplit
{
    /// <param name="ranked">Holdings, best first; their amounts are set.</param>
    /// <param name="contribution">Amount to share, in base currency.</param>
    /// <returns>The part that no holding could take: the whole contribution when no holding is eligible, otherwise 0.</returns>
    public static Decimal4 Distribute(Span<RankedHolding> ranked, Decimal4 contribution)
    {
        foreach (ref var holding in ranked)
            holding.Amount = Decimal4.Zero;
        var eligible = 0;
        long positive = 0;
        foreach (ref readonly var holding in ranked)
        {
            if (holding.OverAllocated)
                continue;
            eligible++;
            if (holding.Priority.IsPositive)
                positive = checked(positive + holding.Priority.Units);
        }
        if (eligible == 0 || contribution.Units == 0)
            return contribution;

        foreach (ref var holding in ranked)
        {
            if (holding.OverAllocated)
                continue;
            if (positive == 0)
                holding.Amount = Decimal4.Divide(contribution.Units, eligible);
            else if (holding.Priority.IsPositive)
                holding.Amount = Decimal4.Divide((Int128)contribution.Units * holding.Priority.Units, positive);
        }
        PoolSmallAmounts(ranked, 2 * eligible);
        AddRemainder(ranked, contribution);
        return Decimal4.Zero;
    }

    /// <summary>
    /// Pools amounts below their class's minimum and gives the pool to the first holding that can take it: one that has an amount, or whose
    /// minimum the pool reaches; else to the first eligible one. Rounds are limited, because two minimums can pass a pool back and forth.
    /// </summary>
    private static void PoolSmallAmounts(Span<RankedHolding> ranked, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            var pool = Decimal4.Zero;
            foreach (ref var holding in ranked)
            {
                if (!holding.Amount.IsPositive || holding.Amount >= holding.Minimum)
                    continue;
                pool = AddCapped(pool, holding.Amount);
                holding.Amount = Decimal4.Zero;
            }
            if (pool.Units == 0)
                return;
            ref var taker = ref Taker(ranked, pool);
            taker.Amount = AddCapped(taker.Amount, pool);
        }
    }

    /// <summary>
    /// Adds without overflow: amounts that were rounded up can add up to slightly more than the contribution, which may be the largest
    /// number there is. <see cref="AddRemainder"/> corrects the difference.
    /// </summary>
    private static Decimal4 AddCapped(Decimal4 a, Decimal4 b) => a.Units > long.MaxValue - b.Units ? Decimal4.MaxValue : a + b;

    private static ref RankedHolding Taker(Span<RankedHolding> ranked, Decimal4 pool)
    {
        var first = -1;
        for (var i = 0; i < ranked.Length; i++)
        {
            if (ranked[i].OverAllocated)
                continue;
            if (ranked[i].Amount.IsPositive || pool >= ranked[i].Minimum)
                return ref ranked[i];
            if (first < 0)
                first = i;
        }
        return ref ranked[first];
    }

    /// <summary>Adds the difference that rounding left, of either sign, to the first holding with an amount; none falls below 0.</summary>
    private static void AddRemainder(Span<RankedHolding> ranked, Decimal4 contribution)
    {
        var remainder = contribution;
        foreach (ref readonly var holding in ranked)
            remainder -= holding.Amount;
        if (remainder.Units == 0)
            return;

        var target = FirstWithAmount(ranked);
        if (target < 0)
            target = FirstEligible(ranked);
        while (remainder.Units != 0)
        {
            var adjusted = ranked[target].Amount + remainder;
            ranked[target].Amount = adjusted.IsNegative ? Decimal4.Zero : adjusted;
            remainder = adjusted.IsNegative ? adjusted : Decimal4.Zero;
            target++;
        }
    }

    private static int FirstWithAmount(ReadOnlySpan<RankedHolding> ranked)
    {
        for (var i = 0; i < ranked.Length; i++)
        {
            if (ranked[i].Amount.IsPositive)
                return i;
        }
        return -1;
    }

    private static int FirstEligible(ReadOnlySpan<RankedHolding> ranked)
    {
        for (var i = 0; i < ranked.Length; i++)
        {
            if (!ranked[i].OverAllocated)
                return i;
        }
        return -1;
    }
}
