namespace Overnight.Auditor;

/// <summary>Something that is not as it must be.</summary>
/// <param name="Name">One of <see cref="FindingName"/>.</param>
/// <param name="What">Names run, batch or user.</param>
public sealed record AuditFinding(string Name, string What)
{
    public override string ToString() => $"{Name}: {What}";
}

/// <summary>Names of findings, as they are printed.</summary>
public static class FindingName
{
    public const string MissingResult = "missing-result",
        DoubledResult = "doubled-result",
        InventedResult = "invented-result",
        LostEvent = "lost-event",
        LostFailure = "lost-failure",
        WrongSum = "wrong-sum",
        HalfBatch = "half-batch",
        WrongCurrent = "wrong-current",
        AlteredCalculation = "altered-calculation",
        AlteredSnapshot = "altered-snapshot",
        AlteredCriteria = "altered-criteria",
        AlteredCache = "altered-cache",
        AlteredRun = "altered-run",
        AlteredErasure = "altered-erasure",
        UnsealedErasure = "unsealed-erasure",
        AlteredHorizon = "altered-horizon",
        AlteredBatch = "altered-batch",
        AlteredSeal = "altered-seal",
        RemovedSeal = "removed-seal",
        RemovedRun = "removed-run",
        SwappedLeaves = "swapped-leaves";
}
