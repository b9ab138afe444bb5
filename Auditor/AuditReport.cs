namespace Overnight.Auditor;

/// <summary>What an audit saw and found.</summary>
public sealed class AuditReport
{
    /// <summary>Findings of one name that are kept; the rest is counted.</summary>
    private const int Kept = 50;

    private readonly Dictionary<string, int> _counts = [];
    private readonly List<AuditFinding> _findings = [];
    private readonly HashSet<Guid> _criteria = [];

    public IReadOnlyList<AuditFinding> Findings => _findings;

    /// <summary>All findings, those that were not kept included.</summary>
    public int Count => _counts.Values.Sum();

    public int Runs { get; internal set; }
    public long Results { get; internal set; }
    public long Events { get; internal set; }
    public long CacheEntries { get; internal set; }

    /// <summary>Runs that were not looked at, because the time limit came first.</summary>
    public int RunsLeft { get; internal set; }

    /// <summary>Runs that were not looked at, because retention drops what is of their days.</summary>
    public int RunsBelowTheHorizon { get; internal set; }

    /// <summary>Parts of the audit that the time limit came before, or cut short.</summary>
    public IReadOnlyList<string> NotReached { get; internal set; } = [];

    /// <summary>Whether everything was looked at; without findings only then is nothing wrong.</summary>
    public bool IsWhole => NotReached.Count == 0 && RunsLeft == 0 && CacheTrouble is null;

    /// <summary>Why cached entries were not compared; null when they were, or were not to be.</summary>
    public string? CacheTrouble { get; internal set; }

    /// <summary>A criteria version is named by many calculations, and reported once.</summary>
    internal void AddCriteria(Guid id, string what)
    {
        if (_criteria.Add(id))
            Add(FindingName.AlteredCriteria, what);
    }

    internal void Add(string name, string what)
    {
        _counts[name] = _counts.GetValueOrDefault(name) + 1;
        if (_counts[name] <= Kept)
            _findings.Add(new(name, what));
    }
}
