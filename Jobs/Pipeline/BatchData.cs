using System.Runtime.InteropServices;
using Overnight.Core.Data;
using Overnight.Core.Portfolios;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>A batch as claimed: a range of user ids, both ends included.</summary>
internal readonly record struct ClaimedBatch(int Number, Guid FirstUser, Guid LastUser, int Size, bool Suspect, int Attempts);

/// <summary>What a worker needs of its run: the run's row, and the market in memory.</summary>
internal sealed record RunContext(PipelineRun Run, Core.Market.MarketSnapshot Market)
{
    /// <summary>Failed users that this process logged.</summary>
    public LoggedFailures Logged { get; } = new();
}

/// <summary>Everything loaded of a batch, in arrays ordered by user; reused from batch to batch.</summary>
internal sealed class BatchData
{
    public List<LoadedUser> Users { get; } = [];
    public List<LoadedClass> Classes { get; } = [];
    public List<LoadedHolding> Holdings { get; } = [];

    /// <summary>Users of the batch whose latest night failed; seldom any.</summary>
    public Dictionary<Guid, QuarantinedUser> Failing { get; } = [];

    /// <summary>Users with a stored value that no calculation can use, each with the first of them; seldom any.</summary>
    public Dictionary<Guid, LoadFault> Faults { get; } = [];

    /// <summary>Portfolios as an earlier run captured them, in place of those that are stored now; only in runs of past dates.</summary>
    public Dictionary<Guid, UserPortfolio> Captured { get; } = [];

    /// <summary>The buffer that holdings and classes come through.</summary>
    public CopyReader Copy { get; } = new();

    public ReadOnlySpan<LoadedUser> UserSpan => CollectionsMarshal.AsSpan(Users);

    public void Fault(Guid user, LoadFault fault) => Faults.TryAdd(user, fault);

    public void Clear()
    {
        Users.Clear();
        Classes.Clear();
        Holdings.Clear();
        Failing.Clear();
        Faults.Clear();
        Captured.Clear();
    }
}

/// <summary>A stored value that no calculation can use.</summary>
/// <param name="Detail">Names the column and the value.</param>
internal readonly record struct LoadFault(string Reason, string Detail)
{
    /// <summary>An amount that a result can't hold.</summary>
    public static LoadFault OutOfRange(string column, string value) =>
        new("out_of_range", $"{column} must be between 0 and {Decimal4.MaxValue}, not {value}.");

    public static LoadFault Corrupt(string column, string value, string must) =>
        new("corrupt_data", $"{column} must be {must}, not {value}.");
}

/// <param name="Rules">The criteria as UTF-8 JSON; null when the user has none.</param>
/// <param name="CriteriaHash">Hash of the criteria version; empty when the user has none.</param>
internal readonly record struct LoadedUser(
    Guid Id,
    string BaseCurrency,
    decimal? Contribution,
    Guid CriteriaVersionId,
    int CriteriaVersion,
    byte[]? Rules,
    byte[] CriteriaHash
);

internal readonly record struct LoadedClass(
    Guid UserId,
    Guid Id,
    byte[] NameJson,
    Decimal4 TargetMin,
    Decimal4 TargetMax,
    Decimal4 MinAmount
);

internal readonly record struct LoadedHolding(Guid UserId, Guid AssetId, Guid? ClassId, decimal Quantity);

/// <summary>A user's finished result, as it will be stored and cached.</summary>
internal readonly record struct UserResult(
    Guid UserId,
    DateTimeOffset GeneratedAt,
    byte[] Recommendations,
    byte[] Portfolio,
    byte[] Started,
    byte[] Inputs,
    byte[] Scores,
    byte[] Completed,
    byte[] CriteriaHash
);

/// <summary>A user that failed, with the two events that say so.</summary>
internal readonly record struct UserFailure(
    Guid UserId,
    DateTimeOffset At,
    CalculationStage Stage,
    string Reason,
    string Detail,
    byte[] Started,
    byte[] Completed,
    bool Quarantined = false
);
