using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;

namespace Overnight.Tests.Calculation;

/// <summary>What became of each holding's share, as it is recorded for an explanation.</summary>
public sealed class ContributionRecordTests
{
    /// <summary>Two minimums above what is there: the pool passes from one to the other until the rounds end.</summary>
    [Fact]
    public void Distribute_PoolThatGoesBackAndForth_IsRecordedRoundByRound()
    {
        RankedHolding[] ranked =
        [
            new(0, 0, 0, new(30_000), new(2_000_000), overAllocated: false),
            new(1, 0, 1, new(20_000), new(3_000_000), overAllocated: false),
        ];
        ContributionRecord record = new(2);

        ContributionSplit.Distribute(ranked, new(1_000_000), record);

        // 4 rounds: both give once, and the first takes and gives the whole again.
        Assert.Equal(new ContributionParts(60, 60 + 3 * 100, 4 * 100, 0), record.Parts[0]);
        Assert.Equal(new ContributionParts(40, 40, 0, 0), record.Parts[1]);
        Assert.Equal(100, record.Parts[0].Amount);
    }

    [Fact]
    public void Distribute_WithARecord_GivesTheSameAmounts()
    {
        Random random = new(3);
        for (var round = 0; round < 500; round++)
        {
            RankedHolding[] ranked =
            [
                .. Enumerable
                    .Range(0, random.Next(1, 12))
                    .Select(i => new RankedHolding(i, 0, i, new(1_000 - i * 90), new(random.NextInt64(0, 3_000_000)), i % 5 == 4)),
            ];
            var plain = ranked.ToArray();
            Decimal4 contribution = new(random.NextInt64(1, 9_000_000));
            ContributionRecord record = new(ranked.Length);

            ContributionSplit.Distribute(plain, contribution);
            ContributionSplit.Distribute(ranked, contribution, record);

            Assert.Equal(plain.Select(r => r.Amount), ranked.Select(r => r.Amount));
            Assert.Equal(ranked.Select(r => r.Amount.ToDecimal()), record.Parts.Select(p => p.Amount));
        }
    }
}
