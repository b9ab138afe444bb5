namespace Overnight.Core.Caching;

/// <summary>How this node reads the cache server, and what it keeps in memory itself.</summary>
public sealed class CacheOptions
{
    public const string Section = "Cache";

    /// <summary>How long one read waits for a cache that stopped answering, before the circuit opens.</summary>
    [Between("00:00:00.010", "00:00:10")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest time for which an open circuit sends reads straight to PostgreSQL before one of them tries the cache again; the first
    /// tries come sooner.
    /// </summary>
    [Between("00:00:00.100", "00:05:00")]
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Bytes of results kept in memory; 0 keeps none.</summary>
    [Between(0L, 16L * 1024 * 1024 * 1024)]
    public long MemoryBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>How long a result stays in memory, which bounds its staleness should a message be lost.</summary>
    [Between("00:00:00.100", "00:05:00")]
    public TimeSpan MemoryTtl { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A result is kept in memory once it was read twice within this time; 0 keeps it at the first read.</summary>
    [Between("00:00:00", "00:05:00")]
    public TimeSpan MemoryAdmission { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of other entries, such as flags, kept in memory; 0 keeps none.</summary>
    [Between(0L, 16L * 1024 * 1024 * 1024)]
    public long EntryMemoryBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// How long a result loaded from PostgreSQL answers later misses of it. One second turns a burst of misses into one query without
    /// serving noticeably old values.
    /// </summary>
    [Between("00:00:00", "00:00:10")]
    public TimeSpan LoadShared { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often this node checks that it receives messages of the channel of changes.</summary>
    [Between("00:00:00.100", "00:01:00")]
    public TimeSpan BeatInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How many repairs may wait; a further one is dropped, and a later miss requests it again.</summary>
    [Between(1, 1_000_000)]
    public int RepairQueue { get; set; } = 1024;
}
