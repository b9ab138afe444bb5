using System.Text;
using System.Text.Json;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;

namespace Overnight.Core.Recommendations;

/// <summary>The run that results belong to, as each result names it.</summary>
/// <param name="CorrelationId">Id that links the results and events of the run.</param>
public sealed record ResultContext(string Market, DateOnly BusinessDate, int Revision, Guid CorrelationId);

/// <summary>
/// Writes the bytes of a user's result once; the database, the cache and the dashboard use them unchanged. Fields are in canonical order,
/// decimals are strings, times ISO 8601 in UTC. Not thread-safe.
/// </summary>
public sealed class ResultWriter
{
    private readonly JsonBuffer _buffer = new(16 * 1024);
    private readonly MarketSnapshot _market;
    private readonly byte[] _run;

    public ResultWriter(MarketSnapshot market, ResultContext context)
    {
        ArgumentNullException.ThrowIfNull(market);
        ArgumentNullException.ThrowIfNull(context);
        _market = market;
        _run = Encoding.UTF8.GetBytes(
            $",\"run\":{{\"market\":\"{JsonEncodedText.Encode(context.Market)}\",\"businessDate\":\"{context.BusinessDate:yyyy-MM-dd}\",\"revision\":{context.Revision},\"correlationId\":\"{context.CorrelationId:D}\"}}"
        );
    }

    /// <summary>Writes the value of <c>recs:{userId}</c>.</summary>
    /// <param name="generatedAt">UTC, to the millisecond.</param>
    public byte[] Recommendations(
        UserPortfolio portfolio,
        ReadOnlySpan<Criterion> criteria,
        Calculation calculation,
        DateTimeOffset generatedAt
    )
    {
        ArgumentNullException.ThrowIfNull(portfolio);
        ArgumentNullException.ThrowIfNull(calculation);
        var b = _buffer;
        b.Clear();
        WriteHead(portfolio, generatedAt);
        b.Append(",\"recommendations\":["u8);
        WriteRecommendations(portfolio, criteria, calculation);
        b.Append("],\"portfolioSummary\":{\"totalValue\":\""u8);
        b.Append(calculation.TotalValue);
        b.Append("\",\"baseCurrency\":\""u8);
        WriteCurrency(portfolio.BaseCurrency);
        b.Append("\",\"allocations\":{"u8);
        WriteAllocations(portfolio, calculation);
        b.Append("}},\"dataFreshness\":{\"pricesAsOf\":"u8);
        WriteTime(_market.Header.PricesAsOf);
        b.Append(",\"ratesAsOf\":"u8);
        WriteTime(_market.Header.RatesAsOf);
        b.Append(",\"criteriaVersion\":\""u8);
        b.Append(portfolio.CriteriaVersion);
        b.Append("\""u8);
        WriteStaleness(portfolio);
        b.Append("},\"totalInvestable\":\""u8);
        b.Append(portfolio.Contribution ?? Decimal4.Zero);
        b.Append("\",\"baseCurrency\":\""u8);
        WriteCurrency(portfolio.BaseCurrency);
        b.Append("\",\"unallocated\":\""u8);
        b.Append(calculation.Unallocated);
        b.Append("\",\"leftOut\":["u8);
        WriteLeftOut(portfolio);
        b.Append("]"u8);
        b.Append(_run);
        return b.Seal();
    }

    /// <summary>Writes the value of <c>portfolio:{userId}</c>.</summary>
    public byte[] Portfolio(UserPortfolio portfolio, Calculation calculation, DateTimeOffset generatedAt)
    {
        ArgumentNullException.ThrowIfNull(portfolio);
        ArgumentNullException.ThrowIfNull(calculation);
        var b = _buffer;
        b.Clear();
        WriteHead(portfolio, generatedAt);
        b.Append(",\"totalValue\":\""u8);
        b.Append(calculation.TotalValue);
        b.Append("\",\"assetCount\":"u8);
        b.Append(portfolio.Holdings.Count);
        b.Append(",\"allocations\":["u8);
        for (var i = 0; i < calculation.Allocations.Length; i++)
        {
            var target = ClassAt(portfolio, i);
            b.Append(i == 0 ? "{\"className\":\""u8 : ",{\"className\":\""u8);
            b.Append(target.NameJson.Span);
            b.Append("\",\"currentPercent\":\""u8);
            b.Append(calculation.Allocations[i].Current);
            b.Append("\",\"targetMin\":\""u8);
            b.Append(target.TargetMin);
            b.Append("\",\"targetMax\":\""u8);
            b.Append(target.TargetMax);
            b.Append("\"}"u8);
        }
        b.Append("]"u8);
        return b.Seal();
    }

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
        var first = true;
        foreach (ref readonly var ranked in calculation.Ranked)
        {
            ref readonly var score = ref calculation.Scores[ranked.Holding];
            if (!first)
                b.Append(","u8);
            first = false;
            b.Append(_market.JsonHeads[portfolio.Holdings[ranked.Holding].Asset]);
            b.Append(",\"score\":\""u8);
            b.Append(score.Score);
            b.Append("\",\"amount\":\""u8);
            b.Append(ranked.Amount);
            b.Append("\",\"currency\":\""u8);
            WriteCurrency(portfolio.BaseCurrency);
            b.Append("\",\"allocationGap\":\""u8);
            b.Append(calculation.Allocations[ranked.Allocation].Gap);
            b.Append("\",\"breakdown\":{\"criteriaCount\":"u8);
            b.Append(criteria.Length - System.Numerics.BitOperations.PopCount(score.Skipped));
            b.Append(",\"topContributor\":\""u8);
            b.Append(score.TopContributor < 0 ? "none"u8 : criteria[score.TopContributor].NameJson.Span);
            b.Append("\"}}"u8);
        }
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
