namespace Overnight.Jobs.Proof;

/// <summary>What a verification saw.</summary>
internal sealed class VerificationReport
{
    /// <summary>Faults that are kept; the rest is counted, for one cause can make as many as there are users.</summary>
    private const int MostFaults = 1_000;

    public List<ProofFault> Faults { get; } = [];

    /// <summary>All faults, those that were not kept included.</summary>
    public long FaultCount { get; private set; }

    public long Runs { get; set; }
    public long Calculations { get; set; }
    public long Seals { get; set; }

    /// <summary>Finished runs from before the chain began, which nothing proves.</summary>
    public long BeforeTheChain { get; set; }

    /// <summary>Runs that are not finished, and so not sealed yet.</summary>
    public long Unfinished { get; set; }

    /// <summary>Calculations that were erased with their users, and of which the leaves are kept.</summary>
    public long Erased { get; set; }

    /// <summary>Erasures that are not completed.</summary>
    public long OpenErasures { get; set; }

    /// <summary>Runs that ended before they were planned: they have no result, and no seal.</summary>
    public long Unplanned { get; set; }

    /// <summary>Seals of days before those that retention keeps: of those the chain alone was checked.</summary>
    public long BelowTheHorizon { get; set; }

    public void Add(string kind, string what)
    {
        FaultCount++;
        if (Faults.Count < MostFaults)
            Faults.Add(new(kind, what));
    }
}
