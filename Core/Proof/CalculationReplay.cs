using System.Runtime.InteropServices;
using Overnight.Core.Auditing;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;

namespace Overnight.Core.Proof;

/// <summary>One version of the calculation rules: computes <paramref name="calculation"/> from the other arguments alone.</summary>
public delegate void CalculationRule(
    Calculation calculation,
    UserPortfolio portfolio,
    ReadOnlySpan<Criterion> criteria,
    MarketSnapshot market
);

/// <summary>What is stored of one computed user.</summary>
/// <param name="Inputs">The payload of INPUTS_CAPTURED.</param>
/// <param name="Scores">The payload of SCORES_COMPUTED; null when it is not there, as with the following.</param>
/// <param name="Completed">The payload of CALC_COMPLETED.</param>
/// <param name="Recommendations">The result, as the value of <c>recs:{userId}</c>.</param>
/// <param name="Portfolio">The result, as the value of <c>portfolio:{userId}</c>.</param>
public sealed record StoredOutcome(
    Guid UserId,
    byte[] Inputs,
    byte[]? Scores,
    byte[]? Completed,
    byte[]? Recommendations,
    byte[]? Portfolio
);

/// <summary>Where a replay and what is stored differ first.</summary>
/// <param name="Part">An event, or <c>recommendations</c> or <c>portfolio</c> of the result.</param>
/// <param name="Offset">In the stored bytes; null where there are none to compare.</param>
/// <param name="Field">The field at that place, or what is missing or unknown.</param>
public sealed record ReplayDifference(string Part, int? Offset, string Field);

/// <summary>
/// Computes stored calculations of one run again, from what was captured and by the versions of rules and writer that were captured, and
/// compares the bytes (SPEC D4). Durations, batch numbers and random bytes are taken as stored. Not thread-safe.
/// </summary>
/// <param name="rules">By version; those of this build when null.</param>
public sealed class CalculationReplay(ResultContext context, IReadOnlyDictionary<int, CalculationRule>? rules = null)
{
    /// <summary>Every version of the rules by which a stored result was calculated, by <see cref="EventCodec.RuleVersion"/>.</summary>
    public static IReadOnlyDictionary<int, CalculationRule> Rules { get; } =
        new Dictionary<int, CalculationRule>
        {
            [1] = static (calculation, portfolio, criteria, market) => calculation.Run(portfolio, criteria, market),
        };

    private const string Inputs = "INPUTS_CAPTURED",
        Scores = "SCORES_COMPUTED",
        Completed = "CALC_COMPLETED";

    private readonly IReadOnlyDictionary<int, CalculationRule> _rules = rules ?? Rules;
    private readonly EventCodec _events = new();
    private readonly Calculation _calculation = new();
    private readonly List<Criterion> _criteria = [];
    private (MarketSnapshot Market, int Version, ResultWriter Writer)? _writer;

    /// <param name="criteria">The rules of the criteria version that the inputs name, UTF-8; null when it is not there.</param>
    /// <param name="market">The snapshot that the inputs name; null when it is not there.</param>
    /// <returns>The first difference of each part; empty when all are the same.</returns>
    public IReadOnlyList<ReplayDifference> Compare(StoredOutcome stored, ReadOnlyMemory<byte>? criteria, MarketSnapshot? market)
    {
        ArgumentNullException.ThrowIfNull(stored);
        try
        {
            var inputs = EventCodec.ReadInputs(stored.Inputs);
            if (criteria is not { } rulesOfUser)
                return [new(Inputs, null, $"criteria version {inputs.Portfolio.CriteriaVersionId} is not there")];
            if (market is null)
                return [new(Inputs, null, $"market snapshot {inputs.SnapshotId} is not there")];
            if (!_rules.TryGetValue(inputs.RuleVersion, out var rule))
                return [new(Inputs, null, $"rule version {inputs.RuleVersion} is not in this build")];
            inputs.Portfolio.UserId = stored.UserId;
            CriteriaParser.Read(rulesOfUser, _criteria);
            rule(_calculation, inputs.Portfolio, CollectionsMarshal.AsSpan(_criteria), market);
            return Compare(stored, inputs, market);
        }
        catch (Exception exception)
            when (exception is InvalidDataException or CalculationException or ArgumentException or OverflowException)
        {
            // What was altered may be unreadable, or not calculable any more: that is a difference as well.
            return [new(Inputs, null, exception.Message)];
        }
    }

    private List<ReplayDifference> Compare(StoredOutcome stored, CapturedInputs inputs, MarketSnapshot market)
    {
        List<ReplayDifference> differences = [];
        var portfolio = inputs.Portfolio;
        var criteria = CollectionsMarshal.AsSpan(_criteria);
        var writer = WriterOf(market, inputs.WriterVersion);
        Add(
            Inputs,
            stored.Inputs,
            _events.Inputs(portfolio, inputs.SnapshotId, inputs.GeneratedAt, inputs.WriterVersion, inputs.RuleVersion),
            EventFieldPath.OfInputs
        );
        Add(Scores, stored.Scores, _events.Scores(_calculation.Scores, _criteria.Count), EventFieldPath.OfScores);
        AddCompleted(stored.Completed, differences);
        Add(
            "recommendations",
            stored.Recommendations,
            writer.Recommendations(portfolio, criteria, _calculation, inputs.GeneratedAt),
            JsonFieldPath.Of
        );
        Add("portfolio", stored.Portfolio, writer.Portfolio(portfolio, _calculation, inputs.GeneratedAt), JsonFieldPath.Of);
        return differences;

        void Add(string part, byte[]? was, byte[] now, Func<byte[], int, string> place)
        {
            if (was is null)
                differences.Add(new(part, null, "is not stored"));
            else if (was.AsSpan().CommonPrefixLength(now) is var at && (at < was.Length || at < now.Length))
                differences.Add(new(part, at, place(now, at)));
        }
    }

    private void AddCompleted(byte[]? payload, List<ReplayDifference> differences)
    {
        if (payload is null)
        {
            differences.Add(new(Completed, null, "is not stored"));
            return;
        }
        var stored = EventCodec.ReadCompleted(payload);
        var now = _events.Completed(stored.Duration, _calculation);
        if (payload.AsSpan().CommonPrefixLength(now) is var at && (at < payload.Length || at < now.Length))
            differences.Add(
                new(
                    Completed,
                    at,
                    stored.Stage is not null ? "status"
                        : stored.Scores != _calculation.Scores.Length ? "scores"
                        : stored.Recommendations != _calculation.Ranked.Length ? "recommendations"
                        : "form"
                )
            );
    }

    private ResultWriter WriterOf(MarketSnapshot market, int version)
    {
        if (_writer is { } last && last.Market == market && last.Version == version)
            return last.Writer;
        ResultWriter writer = new(market, context, version);
        _writer = (market, version, writer);
        return writer;
    }
}
