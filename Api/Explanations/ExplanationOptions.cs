using Overnight.Core;

namespace Overnight.Api.Explanations;

/// <summary>Memory and time that explanations and what-ifs may take on this node.</summary>
internal sealed class ExplanationOptions
{
    public const string Section = "Explanations";

    /// <summary>Bytes of market snapshots in memory: the newest of each market, and the least recently used.</summary>
    [Between(0L, 16L * 1024 * 1024 * 1024)]
    public long SnapshotBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Longest search for what would have made a holding first, and longest wait for its turn.</summary>
    [Between("00:00:00.100", "00:01:00")]
    public TimeSpan SearchTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a page waits for such a search, so that it is there in 100 ms; the search goes on, and a later page has it.
    /// </summary>
    [Between("00:00:00", "00:01:00")]
    public TimeSpan PageWait { get; set; } = TimeSpan.FromMilliseconds(75);

    /// <summary>Searches at once; each takes one processor.</summary>
    [Between(1, 1_000)]
    public int SearchesAtOnce { get; set; } = Math.Max(1, Environment.ProcessorCount / 2);
}
