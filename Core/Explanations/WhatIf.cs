using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;

namespace Overnight.Core.Explanations;

/// <summary>Changes of a result's inputs (SPEC C8). What is null or empty stays as it was captured.</summary>
public sealed record WhatIf
{
    /// <summary>Whether <see cref="Contribution"/> takes the place of the captured one; null then means that none is planned.</summary>
    public bool HasContribution { get; init; }

    public Decimal4? Contribution { get; init; }

    /// <summary>Other targets and minimums, of one class each.</summary>
    public IReadOnlyList<TargetChange> Targets { get; init; } = [];

    /// <summary>All criteria, in place of the captured ones.</summary>
    public ReadOnlyMemory<Criterion>? Criteria { get; init; }

    /// <summary>Another value of one fundamental of one asset.</summary>
    public FundamentalValue? Fundamental { get; init; }

    /// <summary>More or less value in one class.</summary>
    public HypotheticalCash? Cash { get; init; }

    /// <summary>The inputs with the changes made. Other criteria get the version after that of the captured ones.</summary>
    public CalculationInputs ApplyTo(CalculationInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var changed = Fundamental is { } value
            ? inputs.Narrow(asset => asset.Id == value.AssetId ? value.ApplyTo(asset) : asset)
            : inputs with
            {
                Portfolio = CalculationInputs.Copy(inputs.Portfolio, inputs.Portfolio.Classes, inputs.Portfolio.Holdings),
            };
        var portfolio = changed.Portfolio;
        if (HasContribution)
            portfolio.Contribution = Contribution;
        foreach (var target in Targets)
        {
            portfolio.Classes[target.Class] = portfolio.Classes[target.Class] with
            {
                TargetMin = target.TargetMin,
                TargetMax = target.TargetMax,
                MinAmount = target.MinAmount,
            };
        }
        if (Criteria is { } criteria)
        {
            portfolio.CriteriaVersion++;
            changed = changed with { Criteria = criteria };
        }
        return changed with { Cash = Cash };
    }
}

/// <summary>Target range and smallest amount of a class.</summary>
/// <param name="Class">Index into the portfolio's classes.</param>
/// <param name="TargetMin">Percent.</param>
/// <param name="TargetMax">Percent, not below <paramref name="TargetMin"/>.</param>
/// <param name="MinAmount">In base currency, 0 or more.</param>
public readonly record struct TargetChange(int Class, Decimal4 TargetMin, Decimal4 TargetMax, Decimal4 MinAmount);

/// <summary>A value of one fundamental of one asset, rounded as it would be stored for a night to read.</summary>
public readonly record struct FundamentalValue(Guid AssetId, Metric Metric, decimal Value)
{
    /// <summary>Decimals of the column.</summary>
    private const int Decimals = 8;

    internal SnapshotAsset ApplyTo(SnapshotAsset asset)
    {
        var fundamentals = (decimal?[])asset.Fundamentals.Clone();
        fundamentals[(int)Metric] = decimal.Round(Value, Decimals, MidpointRounding.AwayFromZero);
        return asset with { Fundamentals = fundamentals };
    }
}
