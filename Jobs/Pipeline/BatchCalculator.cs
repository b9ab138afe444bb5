using System.Diagnostics;
using System.Runtime.InteropServices;
using Overnight.Core.Auditing;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Turns a loaded batch into results: scores, recommends, validates and makes the bytes, user after user. No database,
/// no clock but the one given. One per worker, not thread-safe.
/// </summary>
internal sealed class BatchCalculator(RunContext context, TimeProvider time, FaultInjection faults)
{
    /// <summary>The reason of a failure that no check foresaw.</summary>
    public const string Unexpected = "unexpected";

    private readonly UserPortfolio _portfolio = new();
    private readonly List<Criterion> _criteria = [];
    private readonly Core.Recommendations.Calculation _calculation = new();
    private readonly EventCodec _events = new();
    private readonly SaltSource _salts = new();
    private readonly ResultWriter _writer = new(
        context.Market,
        new(context.Run.Market, context.Run.BusinessDate, context.Run.Revision, context.Run.CorrelationId)
    );

    /// <summary>Computed users, in order of their ids; a result's index is its position in the batch.</summary>
    public List<UserResult> Results { get; } = [];

    public List<UserFailure> Failures { get; } = [];

    /// <summary>Which results hold an asset: a bitmap over positions, by the asset's ordinal.</summary>
    public AssetBitmaps AssetBitmaps { get; } = new(context.Market.Assets.Count);

    public int AssetsScored { get; private set; }
    public int Recommendations { get; private set; }

    public void Calculate(BatchData data, int batch)
    {
        Results.Clear();
        Failures.Clear();
        AssetBitmaps.Clear();
        AssetsScored = Recommendations = 0;

        var classes = CollectionsMarshal.AsSpan(data.Classes);
        var holdings = CollectionsMarshal.AsSpan(data.Holdings);
        foreach (ref readonly var user in data.UserSpan)
        {
            var ownClasses = TakeOwn(ref classes, user.Id, static c => c.UserId);
            var ownHoldings = TakeOwn(ref holdings, user.Id, static h => h.UserId);
            var captured = data.Captured.GetValueOrDefault(user.Id);
            // A user for whom no holding was loaded is not active, and gets no result.
            if (ownHoldings.IsEmpty && captured is null)
                continue;
            var started = _events.Started(batch, _salts.Next());
            if (data.Faults.TryGetValue(user.Id, out var fault))
            {
                Fail(
                    user.Id,
                    ToMilliseconds(time.GetUtcNow()),
                    CalculationStage.Load,
                    fault.Reason,
                    fault.Detail,
                    started,
                    Stopwatch.GetTimestamp()
                );
                continue;
            }
            if (data.Failing.TryGetValue(user.Id, out var last) && last.Quarantined && !context.Run.IsRetry)
            {
                Fail(
                    user.Id,
                    ToMilliseconds(time.GetUtcNow()),
                    last.Stage,
                    last.Reason,
                    last.Detail,
                    started,
                    Stopwatch.GetTimestamp(),
                    quarantined: true
                );
                continue;
            }
            faults.BeforeUser(user.Id);
            Calculate(in user, ownClasses, ownHoldings, captured, started);
        }
    }

    private void Calculate(
        in LoadedUser user,
        ReadOnlySpan<LoadedClass> classes,
        ReadOnlySpan<LoadedHolding> holdings,
        UserPortfolio? captured,
        byte[] started
    )
    {
        var begin = Stopwatch.GetTimestamp();
        var generatedAt = ToMilliseconds(time.GetUtcNow());
        var stage = CalculationStage.Load;
        try
        {
            Fill(in user, classes, holdings, captured);
            stage = CalculationStage.Score;
            _calculation.Run(_portfolio, CollectionsMarshal.AsSpan(_criteria), context.Market);
            stage = CalculationStage.Validate;
            var recommendations = _writer.Recommendations(_portfolio, CollectionsMarshal.AsSpan(_criteria), _calculation, generatedAt);
            var portfolio = _writer.Portfolio(_portfolio, _calculation, generatedAt);
            ResultValidator.Validate(_portfolio, _calculation, recommendations, portfolio);
            UserResult result = new(
                user.Id,
                generatedAt,
                recommendations,
                portfolio,
                started,
                _events.Inputs(_portfolio, context.Market.Header.Id, generatedAt, _writer.Version),
                _events.Scores(_calculation.Scores, _criteria.Count),
                _events.Completed(Stopwatch.GetElapsedTime(begin), _calculation),
                user.CriteriaHash
            );

            // Nothing can fail from here on: a result that is added is whole.
            foreach (var holding in _portfolio.Holdings)
                AssetBitmaps.Add(holding.Asset, Results.Count);
            Results.Add(result);
            AssetsScored += _calculation.Scores.Length;
            Recommendations += _calculation.Ranked.Length;
        }
        catch (CalculationException failure)
        {
            // The user is recorded as failed, and the next one computed.
            Fail(user.Id, generatedAt, failure.Stage, failure.Reason, failure.Message, started, begin);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Data that no check covers fails this user only, and not the batch.
            Fail(user.Id, generatedAt, stage, Unexpected, FailureText.Of(exception), started, begin);
        }
    }

    private void Fail(
        Guid userId,
        DateTimeOffset at,
        CalculationStage stage,
        string reason,
        string detail,
        byte[] started,
        long begin,
        bool quarantined = false
    ) =>
        Failures.Add(
            new(
                userId,
                at,
                stage,
                reason,
                FailureText.Of(detail),
                started,
                _events.Failed(Stopwatch.GetElapsedTime(begin), stage, reason),
                quarantined
            )
        );

    private void Fill(in LoadedUser user, ReadOnlySpan<LoadedClass> classes, ReadOnlySpan<LoadedHolding> holdings, UserPortfolio? captured)
    {
        _portfolio.Clear();
        if (user.Rules is null)
            throw new CalculationException(CalculationStage.Load, "no_criteria", "The user has no criteria.");
        CriteriaParser.Read(user.Rules, _criteria);
        _portfolio.UserId = user.Id;
        _portfolio.BaseCurrency = user.BaseCurrency;
        // In range, since BatchLoader records a value out of range as a fault of the user.
        _portfolio.Contribution = user.Contribution is { } contribution ? Decimal4.Round(contribution) : null;
        _portfolio.CriteriaVersionId = user.CriteriaVersionId;
        _portfolio.CriteriaVersion = user.CriteriaVersion;
        if (captured is not null)
        {
            // Of the run's own snapshot, so that the ordinals of assets are the same.
            _portfolio.Classes.AddRange(captured.Classes);
            _portfolio.Holdings.AddRange(captured.Holdings);
            return;
        }
        foreach (ref readonly var target in classes)
            _portfolio.Classes.Add(new(target.Id, target.NameJson, target.TargetMin, target.TargetMax, target.MinAmount));
        foreach (ref readonly var holding in holdings)
        {
            if (!context.Market.TryGetOrdinal(holding.AssetId, out var asset))
            {
                throw new CalculationException(
                    CalculationStage.Load,
                    "unknown_asset",
                    $"Asset {holding.AssetId} was added after the night's snapshot was taken; the next run has it."
                );
            }
            _portfolio.Holdings.Add(new(asset, ClassIndex(classes, holding.ClassId), holding.Quantity));
        }
    }

    private static int ClassIndex(ReadOnlySpan<LoadedClass> classes, Guid? id)
    {
        if (id is not { } wanted)
            return PortfolioHolding.Unclassified;
        for (var i = 0; i < classes.Length; i++)
        {
            if (classes[i].Id == wanted)
                return i;
        }
        throw new CalculationException(
            CalculationStage.Load,
            "class_changed",
            $"Class {wanted} was removed while the batch was being loaded; the next run sees the change whole."
        );
    }

    /// <summary>Cuts the items of one user off the front; items of users that are not in the batch are passed over.</summary>
    private static ReadOnlySpan<T> TakeOwn<T>(ref Span<T> items, Guid userId, Func<T, Guid> owner)
    {
        var start = 0;
        while (start < items.Length && owner(items[start]).CompareTo(userId) < 0)
            start++;
        var end = start;
        while (end < items.Length && owner(items[end]) == userId)
            end++;
        ReadOnlySpan<T> own = items[start..end];
        items = items[end..];
        return own;
    }

    /// <summary>Times in results have milliseconds; what is stored beside them must be the same instant.</summary>
    private static DateTimeOffset ToMilliseconds(DateTimeOffset moment) => moment.AddTicks(-(moment.Ticks % TimeSpan.TicksPerMillisecond));
}
