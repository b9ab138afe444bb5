using Overnight.Core.Market;
using Overnight.Core.Scoring;

namespace Overnight.Tests.Calculation;

public sealed class ScorerTests
{
    [Theory]
    [InlineData("20", "20", 0)]
    [InlineData("20.00000001", "20", 1)]
    [InlineData("19.99999999", "20", -1)]
    [InlineData("123456789012345678.00000001", "123456789012345678", 1)]
    [InlineData("99999999999999999999.12345678", "99999999999999999999.12345679", -1)]
    [InlineData("-0.00000001", "0", -1)]
    [InlineData("0", "0.0000000000000000000000000001", -1)]
    public void Score_NumbersThatFloatingPointCantTellApart_AreComparedExactly(string value, string bound, int order)
    {
        Assert.Equal(order > 0, Matches(ComparisonOperator.GreaterThan, value, bound));
        Assert.Equal(order >= 0, Matches(ComparisonOperator.GreaterOrEqual, value, bound));
        Assert.Equal(order < 0, Matches(ComparisonOperator.LessThan, value, bound));
        Assert.Equal(order <= 0, Matches(ComparisonOperator.LessOrEqual, value, bound));
        Assert.Equal(order == 0, Matches(ComparisonOperator.Equals, value, bound));
        Assert.Equal(order == 0, Matches(ComparisonOperator.Between, value, bound));
    }

    [Fact]
    public void Score_TieOfPoints_NamesTheFirst_AndSkippedIsNotEvaluated()
    {
        Criterion[] criteria =
        [
            Criterion(ComparisonOperator.Exists, "0", 5),
            Criterion(ComparisonOperator.Exists, "0", 5),
            Criterion(ComparisonOperator.Exists, "0", 9, Metric.Roe),
        ];

        var score = Scorer.Score(criteria, Market("1"), 0);

        Assert.Equal((100_000L, 0b011ul, 0b100ul, 0), (score.Score.Units, score.Matched, score.Skipped, score.TopContributor));
    }

    [Fact]
    public void Score_CriterionWhoseOtherFundamentalIsMissing_IsSkippedThoughItWouldMatch()
    {
        var score = Scorer.Score([Criterion(ComparisonOperator.Exists, "0", 5, required: Metric.Roe)], Market("1"), 0);

        Assert.Equal((0L, 0ul, 1ul, -1), (score.Score.Units, score.Matched, score.Skipped, score.TopContributor));
    }

    [Fact]
    public void Score_CriterionWhoseOwnFundamentalIsMissingAndNotRequired_IsNotMatched()
    {
        // A missing value is stored as 0.
        var score = Scorer.Score([Criterion(ComparisonOperator.LessThan, "5", 5, Metric.Roe, required: Metric.PeRatio)], Market("1"), 0);

        Assert.Equal((0L, 0ul, 0ul, -1), (score.Score.Units, score.Matched, score.Skipped, score.TopContributor));
    }

    private static bool Matches(ComparisonOperator comparison, string value, string bound) =>
        Scorer.Score([Criterion(comparison, bound, 1)], Market(value), 0).Matched == 1;

    /// <param name="required">Of which it needs a value; its own metric unless given.</param>
    private static Criterion Criterion(
        ComparisonOperator comparison,
        string bound,
        int points,
        Metric metric = Metric.PeRatio,
        Metric? required = null
    ) =>
        new(
            "x"u8.ToArray(),
            "x"u8.ToArray(),
            metric,
            comparison,
            decimal.Parse(bound),
            decimal.Parse(bound),
            new(points * 10_000),
            (ushort)(1 << (int)(required ?? metric))
        );

    private static MarketSnapshot Market(string peRatio)
    {
        var fundamentals = new decimal?[Metrics.Count];
        fundamentals[(int)Metric.PeRatio] = decimal.Parse(peRatio);
        return new(
            new(Guid.Empty, "NYSE", default, default, null, null),
            [new(Guid.NewGuid(), "A", "USD", 1, fundamentals)],
            new Dictionary<(string, string), decimal>()
        );
    }
}
