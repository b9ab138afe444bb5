using System.Globalization;
using System.Text;
using System.Text.Json;
using Overnight.Core.Auditing;
using Overnight.Core.Market;
using Overnight.Core.Scoring;

namespace Overnight.Api.Audit;

/// <summary>Writes compact events out in full: ordinals become assets, bits become criteria.</summary>
/// <param name="inputs">What <c>INPUTS_CAPTURED</c> holds.</param>
/// <param name="market">The snapshot it names.</param>
/// <param name="rules">The criteria version it names; null when that was erased with its user.</param>
internal sealed class EventExpander(CapturedInputs inputs, MarketSnapshot market, string? rules)
{
    public InputsDocument Inputs(DateTimeOffset occurredAt)
    {
        var portfolio = inputs.Portfolio;
        var header = market.Header;
        var classes = portfolio.Classes.ConvertAll(c => new ClassDocument(
            c.Id,
            Text(c.NameJson.Span),
            c.TargetMin.ToString(),
            c.TargetMax.ToString(),
            c.MinAmount.ToString()
        ));
        return new(
            occurredAt,
            inputs.RuleVersion,
            inputs.WriterVersion,
            inputs.GeneratedAt,
            portfolio.BaseCurrency,
            portfolio.Contribution?.ToString(),
            new(portfolio.CriteriaVersionId, portfolio.CriteriaVersion, rules is null ? null : JsonElement.Parse(rules)),
            new(header.Id, header.TakenAt, header.PricesAsOf, header.RatesAsOf),
            classes,
            portfolio.Holdings.ConvertAll(h => Holding(Asset(h.Asset), h.Class < 0 ? null : classes[h.Class].Name, h.Quantity)),
            Rates()
        );
    }

    public ScoresDocument Scores(DateTimeOffset occurredAt, ReadOnlySpan<byte> payload)
    {
        var scores = EventCodec.ReadScores(payload);
        if (scores.Count != inputs.Portfolio.Holdings.Count)
            throw new InvalidDataException($"There are {scores.Count} scores for {inputs.Portfolio.Holdings.Count} holdings.");
        List<Criterion> criteria = [];
        if (rules is not null)
            CriteriaParser.Read(Encoding.UTF8.GetBytes(rules), criteria);
        return new(
            occurredAt,
            [.. scores.Zip(inputs.Portfolio.Holdings, (score, holding) => Score(score, Asset(holding.Asset), criteria))]
        );
    }

    private static ScoreDocument Score(AssetScore score, SnapshotAsset asset, List<Criterion> criteria) =>
        new(
            asset.Id,
            asset.Symbol,
            score.Score.ToString(),
            [.. criteria.Select((c, i) => Criterion(c, asset, (score.Matched >> i & 1) != 0, (score.Skipped >> i & 1) != 0))]
        );

    private static CriterionDocument Criterion(Criterion criterion, SnapshotAsset asset, bool matched, bool skipped) =>
        new(
            Text(criterion.IdJson.Span),
            Text(criterion.NameJson.Span),
            Metrics.Names[(int)criterion.Metric],
            Number(asset.Fundamentals[(int)criterion.Metric]),
            matched ? "matched"
                : skipped ? "skipped"
                : "not_matched",
            matched ? criterion.Points.ToString() : "0.0000"
        );

    private SnapshotAsset Asset(int ordinal) =>
        ordinal < market.Assets.Count
            ? market.Assets[ordinal]
            : throw new InvalidDataException($"The inputs name asset {ordinal} of a snapshot with {market.Assets.Count}.");

    private static HoldingDocument Holding(SnapshotAsset asset, string? className, decimal quantity)
    {
        Dictionary<string, string> known = new(StringComparer.Ordinal);
        for (var m = 0; m < Metrics.Count; m++)
        {
            if (Number(asset.Fundamentals[m]) is { } value)
                known.Add(Metrics.Names[m], value);
        }
        return new(asset.Id, asset.Symbol, asset.Name, className, Number(quantity)!, Number(asset.Price), asset.Currency, known);
    }

    private List<RateDocument> Rates()
    {
        var to = inputs.Portfolio.BaseCurrency;
        List<RateDocument> rates = [];
        foreach (
            var from in inputs
                .Portfolio.Holdings.Select(h => Asset(h.Asset).Currency)
                .Where(c => c != to)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
        )
        {
            if (market.Rates.TryGetValue((from, to), out var rate))
                rates.Add(new(from, to, Number(rate)!));
        }
        return rates;
    }

    /// <summary>Keeps the number of decimals that was captured.</summary>
    private static string? Number(decimal? value) => value?.ToString(CultureInfo.InvariantCulture);

    /// <summary>Decodes the inside of a JSON string, without its quotes.</summary>
    private static string Text(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<string>((byte[])[(byte)'"', .. json, (byte)'"'])!;
}
