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
public sealed partial class ResultWriter
{
    /// <summary>The form without <c>name</c>, <c>className</c>, <c>rank</c> and <c>classes</c>.</summary>
    public const int WithoutNames = 1;

    /// <summary>
    /// Version of the newest form. Raise it when the bytes change, and keep the older forms: a replay must give the bytes that were stored.
    /// </summary>
    public const int LatestVersion = 2;

    private readonly JsonBuffer _buffer = new(16 * 1024);
    private readonly MarketSnapshot _market;
    private readonly byte[] _run;

    /// <summary>A writer of the newest form that the snapshot has the values for.</summary>
    public ResultWriter(MarketSnapshot market, ResultContext context)
        : this(market, context, market?.HasNames == false ? WithoutNames : LatestVersion) { }

    /// <param name="version">As <c>INPUTS_CAPTURED</c> names it for a stored result.</param>
    /// <exception cref="ArgumentException">This build does not know the version, or it writes names and the snapshot has none.</exception>
    public ResultWriter(MarketSnapshot market, ResultContext context, int version)
    {
        ArgumentNullException.ThrowIfNull(market);
        ArgumentNullException.ThrowIfNull(context);
        if (version is < WithoutNames or > LatestVersion)
            throw new ArgumentException($"Writer version {version} is unknown; this build writes 1 to {LatestVersion}.", nameof(version));
        if (version > WithoutNames && !market.HasNames)
            throw new ArgumentException($"Writer version {version} needs a market snapshot with names.", nameof(version));
        Version = version;
        _market = market;
        _run = Encoding.UTF8.GetBytes(
            $",\"run\":{{\"market\":\"{JsonEncodedText.Encode(context.Market)}\",\"businessDate\":\"{context.BusinessDate:yyyy-MM-dd}\",\"revision\":{context.Revision},\"correlationId\":\"{context.CorrelationId:D}\"}}"
        );
    }

    /// <summary>Version of the form of <see cref="Recommendations"/>; <see cref="Portfolio"/> has one form.</summary>
    public int Version { get; }

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
        if (Version > WithoutNames)
            WriteClasses(portfolio, calculation);
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
}
