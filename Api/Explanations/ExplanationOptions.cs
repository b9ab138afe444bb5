using Overnight.Core;

namespace Overnight.Api.Explanations;

/// <summary>Memory and time that explanations and what-ifs may take on this node.</summary>
internal sealed class ExplanationOptions
{
    public const string Section = "Explanations";

    /// <summary>Bytes of market snapshots in memory: the newest of each market, and the least recently used.</summary>
    [Between(0L, 16L * 1024 * 1024 * 1024)]
    public long SnapshotBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Longest search for what would have made a holding first, the wait for its turn included.</summary>
    [Between("00:00:00.100", "00:01:00")]
    public TimeSpan SearchTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Searches at once; each takes one processor.</summary>
    [Between(1, 1_000)]
    public int SearchesAtOnce { get; set; } = Math.Max(1, Environment.ProcessorCount / 2);
}
