using System.Numerics;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;

namespace Overnight.Core.Recommendations;

public sealed partial class ResultWriter
{
    private void WriteHead(UserPortfolio portfolio, DateTimeOffset generatedAt)
    {
        _buffer.Append("{\"userId\":\""u8);
        _buffer.Append(portfolio.UserId);
        _buffer.Append("\",\"generatedAt\":\""u8);
        _buffer.Append(generatedAt);
        _buffer.Append("\""u8);
    }

    private void WriteRecommendations(UserPortfolio portfolio, ReadOnlySpan<Criterion> criteria, Calculation calculation)
    {
        var b = _buffer;
        var rank = 0;
        foreach (ref readonly var ranked in calculation.Ranked)
        {
            ref readonly var score = ref calculation.Scores[ranked.Holding];
            var asset = portfolio.Holdings[ranked.Holding].Asset;
            if (rank++ > 0)
                b.Append(","u8);
            b.Append(_market.JsonHeads[asset]);
            b.Append(",\"score\":\""u8);
            b.Append(score.Score);
            b.Append("\",\"amount\":\""u8);
            b.Append(ranked.Amount);
            b.Append("\",\"currency\":\""u8);
            WriteCurrency(portfolio.BaseCurrency);
            b.Append("\",\"allocationGap\":\""u8);
            b.Append(calculation.Allocations[ranked.Allocation].Gap);
            b.Append("\",\"breakdown\":{\"criteriaCount\":"u8);
            b.Append(criteria.Length - BitOperations.PopCount(score.Skipped));
            b.Append(",\"topContributor\":\""u8);
            b.Append(score.TopContributor < 0 ? "none"u8 : criteria[score.TopContributor].NameJson.Span);
            if (Version == WithoutNames)
            {
                b.Append("\"}}"u8);
                continue;
            }
            b.Append(_market.JsonNames[asset]);
            b.Append(ClassAt(portfolio, ranked.Allocation).NameJson.Span);
            b.Append("\",\"rank\":"u8);
            b.Append(rank);
            b.Append("}"u8);
        }
    }

    private void WriteClasses(UserPortfolio portfolio, Calculation calculation)
    {
        var b = _buffer;
        b.Append(",\"classes\":["u8);
        for (var i = 0; i < calculation.Allocations.Length; i++)
        {
            var target = ClassAt(portfolio, i);
            b.Append(i == 0 ? "{\"className\":\""u8 : ",{\"className\":\""u8);
            b.Append(target.NameJson.Span);
            b.Append("\",\"current\":\""u8);
            b.Append(calculation.Allocations[i].Current);
            b.Append("\",\"targetMin\":\""u8);
            b.Append(target.TargetMin);
            b.Append("\",\"targetMax\":\""u8);
            b.Append(target.TargetMax);
            b.Append("\",\"after\":\""u8);
            b.Append(calculation.SharesAfter[i]);
            b.Append("\"}"u8);
        }
        b.Append("]"u8);
    }

    private void WriteAllocations(UserPortfolio portfolio, Calculation calculation)
    {
        for (var i = 0; i < calculation.Allocations.Length; i++)
        {
            _buffer.Append(i == 0 ? "\""u8 : ",\""u8);
            _buffer.Append(ClassAt(portfolio, i).NameJson.Span);
            _buffer.Append("\":\""u8);
            _buffer.Append(calculation.Allocations[i].Current);
            _buffer.Append("\""u8);
        }
    }

    /// <summary>Lists holdings without a price, which are scored but can't be valued.</summary>
    private void WriteLeftOut(UserPortfolio portfolio)
    {
        var first = true;
        foreach (var holding in portfolio.Holdings)
        {
            if (_market.Assets[holding.Asset].Price is not null)
                continue;
            if (!first)
                _buffer.Append(","u8);
            first = false;
            _buffer.Append(_market.JsonHeads[holding.Asset]);
            _buffer.Append(",\"reason\":\"no_price\"}"u8);
        }
    }

    /// <summary>
    /// Written only where this user's amounts depend on stale values, because results of builds without staleness must replay to the same
    /// bytes.
    /// </summary>
    private void WriteStaleness(UserPortfolio portfolio)
    {
        if (_market.Staleness.Of(portfolio, _market.Assets) is not { } stale)
            return;
        _buffer.Append(",\"pricesStale\":"u8);
        _buffer.Append(stale.Prices ? "true"u8 : "false"u8);
        _buffer.Append(",\"ratesStale\":"u8);
        _buffer.Append(stale.Rates ? "true"u8 : "false"u8);
        _buffer.Append(",\"staleSince\":"u8);
        WriteTime(stale.Since);
    }

    private void WriteTime(DateTimeOffset? time)
    {
        if (time is null)
        {
            _buffer.Append("null"u8);
            return;
        }
        _buffer.Append("\""u8);
        _buffer.Append(time.Value);
        _buffer.Append("\""u8);
    }

    private void WriteCurrency(string currency) => _buffer.Append([(byte)currency[0], (byte)currency[1], (byte)currency[2]]);

    private static PortfolioClass ClassAt(UserPortfolio portfolio, int index) =>
        index < portfolio.Classes.Count
            ? portfolio.Classes[index]
            : new(Guid.Empty, Unclassified, Decimal4.Zero, Decimal4.Zero, Decimal4.Zero);

    private static readonly byte[] Unclassified = "unclassified"u8.ToArray();
}
