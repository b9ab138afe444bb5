namespace Overnight.Jobs.Proof;

/// <summary>Something stored that is not as it was sealed.</summary>
/// <param name="Kind">One of <see cref="FaultKind"/>.</param>
/// <param name="What">Names run, batch and user.</param>
internal sealed record ProofFault(string Kind, string What);

/// <summary>Names of faults, as they are printed.</summary>
internal static class FaultKind
{
    public const string Changed = "changed",
        Missing = "missing",
        Doubled = "doubled",
        Invented = "invented",
        LostEvent = "lost-event",
        Swapped = "swapped",
        AlteredBatch = "altered-batch",
        AlteredSnapshot = "altered-snapshot",
        AlteredCriteria = "altered-criteria",
        AlteredErasure = "altered-erasure",
        UnsealedErasure = "unsealed-erasure",
        AlteredHorizon = "altered-horizon",
        SealMissing = "seal-missing",
        SealAltered = "seal-altered",
        SealInvented = "seal-invented";
}
