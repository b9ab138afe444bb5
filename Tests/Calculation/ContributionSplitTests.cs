using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;

namespace Overnight.Tests.Calculation;

/// <summary>What the worked cases do not reach: extremes, where amounts must still add up and never be negative.</summary>
public sealed class ContributionSplitTests
{
    [Theory]
    [InlineData(1, 3)]
    [InlineData(5, 8)]
    [InlineData(10_000, 7)]
    [InlineData(long.MaxValue, 50)]
    public void Distribute_Equally_AddsUpAndIsNeverNegative(long contribution, int holdings)
    {
        var ranked = Holdings(Enumerable.Repeat((Priority: 0L, Minimum: 0L), holdings));

        var unallocated = ContributionSplit.Distribute(ranked, new(contribution));

        Assert.Equal(0, unallocated.Units);
        Assert.Equal(contribution, ranked.Sum(r => r.Amount.Units));
        Assert.All(ranked, r => Assert.False(r.Amount.IsNegative));
    }

    [Fact]
    public void Distribute_LargestContributionBelowEveryMinimum_IsPooledWhole()
    {
        // Each of 11 shares is rounded up, and together they are more than a number holds.
        var ranked = Holdings(Enumerable.Repeat((Priority: 0L, Minimum: long.MaxValue), 11));

        Assert.Equal(0, ContributionSplit.Distribute(ranked, Decimal4.MaxValue).Units);

        Assert.Equal(long.MaxValue, ranked.Sum(r => r.Amount.Units));
        Assert.Equal(Decimal4.MaxValue, ranked[0].Amount);
    }

    [Fact]
    public void Distribute_RandomPrioritiesAndMinimums_AlwaysAddsUp()
    {
        Random random = new(7);
        for (var round = 0; round < 2_000; round++)
        {
            var ranked = Holdings(
                Enumerable
                    .Range(0, random.Next(1, 40))
                    .Select(_ => (random.NextInt64(-1_000_000, 1_000_000), random.NextInt64(0, 5_000_000)))
                    .OrderByDescending(x => x.Item1)
            );
            Decimal4 contribution = new(random.NextInt64(1, 100_000_000));

            Assert.Equal(0, ContributionSplit.Distribute(ranked, contribution).Units);
            Assert.Equal(contribution.Units, ranked.Sum(r => r.Amount.Units));
            Assert.All(ranked, r => Assert.False(r.Amount.IsNegative));
        }
    }

    [Fact]
    public void Distribute_AllOverAllocated_ReportsTheContribution()
    {
        RankedHolding[] ranked = [new(0, 0, 0, new(5), default, overAllocated: true)];

        Assert.Equal(1_000_000, ContributionSplit.Distribute(ranked, new(1_000_000)).Units);
        Assert.Equal(0, ranked[0].Amount.Units);
    }

    [Fact]
    public void Distribute_AmountOfExactlyItsMinimum_IsKept()
    {
        var ranked = Holdings([(30_000, 0), (20_000, 400_000)]);

        Assert.Equal(0, ContributionSplit.Distribute(ranked, new(1_000_000)).Units);

        Assert.Equal([600_000, 400_000], ranked.Select(r => r.Amount.Units));
    }

    [Fact]
    public void Distribute_PoolOfExactlyAMinimum_GoesToTheFirstThatItReaches()
    {
        var ranked = Holdings([(20_000, 1_100_000), (20_000, 1_000_000)]);

        Assert.Equal(0, ContributionSplit.Distribute(ranked, new(1_000_000)).Units);

        Assert.Equal([0, 1_000_000], ranked.Select(r => r.Amount.Units));
    }

    private static RankedHolding[] Holdings(IEnumerable<(long Priority, long Minimum)> items) =>
        [.. items.Select((item, i) => new RankedHolding(i, 0, i, new(item.Priority), new(item.Minimum), overAllocated: false))];
}
