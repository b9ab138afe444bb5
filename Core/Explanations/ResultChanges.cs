using Overnight.Core.Portfolios;

namespace Overnight.Core.Explanations;

/// <summary>
/// What changed between two results of a user: the difference of each amount, split into its causes (SPEC C7). Starting from the inputs of
/// the older result, one factor after the other is taken from the newer one; the part of a factor is what the amount changed by when it was
/// taken. So the parts of a holding add up to the difference exactly, and depend on the order, which is that of <see cref="ChangeFactor"/>.
/// </summary>
/// <param name="Steps">
/// The factors taken together, in order: one each, or several where the inputs between them can't be calculated. Empty where two base
/// currencies differ: amounts in different currencies have no difference to split.
/// </param>
/// <param name="Holdings">Those of the newer result in its order, then those of the older one, then those only steps between had.</param>
public sealed record ResultChanges(
    string BaseCurrencyBefore,
    string BaseCurrencyAfter,
    IReadOnlyList<IReadOnlyList<ChangeFactor>> Steps,
    IReadOnlyList<HoldingChange> Holdings
)
{
    private static readonly ChangeFactor[] Order = Enum.GetValues<ChangeFactor>();

    /// <summary>Whether the differences were split; not so between two base currencies.</summary>
    public bool IsSplit => BaseCurrencyBefore == BaseCurrencyAfter;

    /// <param name="before">Inputs of the older result, as captured.</param>
    /// <param name="after">Inputs of the newer result, as captured.</param>
    /// <exception cref="ArgumentException">One of the inputs has cash.</exception>
    /// <exception cref="CalculationException">One of the two results can't be calculated again.</exception>
    public static ResultChanges Between(CalculationInputs before, CalculationInputs after) => new ChangeSplit(before, after).In(Order);
}

/// <summary>The change of one holding's amount; amounts are in base currency.</summary>
/// <param name="Before">In the older result; null when it was not in it.</param>
/// <param name="After">In the newer result; null when it is not in it.</param>
/// <param name="Parts">By step; they add up to <paramref name="After"/> - <paramref name="Before"/> exactly, where absent counts 0.</param>
public sealed record HoldingChange(Guid AssetId, string Symbol, Decimal4? Before, Decimal4? After, IReadOnlyList<Decimal4> Parts);
