using Microsoft.Extensions.Options;

namespace Overnight.Core.Caching;

/// <summary>How this node reads the cache server, and what it keeps in memory itself.</summary>
public sealed class CacheOptions
{
    public const string Section = "Cache";

    /// <summary>What a cache that stopped answering costs one reader before the circuit opens.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an open circuit sends reads straight to PostgreSQL before one of them tries the cache again; the first tries come sooner.</summary>
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Bytes of results kept in memory; 0 keeps none.</summary>
    public long MemoryBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>How long a result stays in memory: the bound on staleness should a message be lost.</summary>
    public TimeSpan MemoryTtl { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A result is kept in memory once it was read twice within this time; 0 keeps it at the first read.</summary>
    public TimeSpan MemoryAdmission { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of other entries, such as flags, kept in memory; 0 keeps none.</summary>
    public long EntryMemoryBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// How long a result loaded from PostgreSQL answers others who missed it too. Long enough that a burst is one query,
    /// short enough to be no cache.
    /// </summary>
    public TimeSpan LoadShared { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often this node checks that it hears the channel of changes.</summary>
    public TimeSpan BeatInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How many repairs may wait; one more is dropped, and a later miss asks again.</summary>
    public int RepairQueue { get; set; } = 1024;
}

/// <summary>Collects every failure, naming the key, the bound and the value.</summary>
public sealed class CacheOptionsValidator : IValidateOptions<CacheOptions>
{
    public ValidateOptionsResult Validate(string? name, CacheOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        OptionRules rules = new(CacheOptions.Section);
        rules.Between(nameof(options.Timeout), options.Timeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10));
        rules.Between(nameof(options.BreakDuration), options.BreakDuration, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
        rules.Between(nameof(options.MemoryBytes), options.MemoryBytes, 0L, 16L * 1024 * 1024 * 1024);
        rules.Between(nameof(options.EntryMemoryBytes), options.EntryMemoryBytes, 0L, 16L * 1024 * 1024 * 1024);
        rules.Between(nameof(options.MemoryTtl), options.MemoryTtl, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
        rules.Between(nameof(options.MemoryAdmission), options.MemoryAdmission, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        rules.Between(nameof(options.LoadShared), options.LoadShared, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        rules.Between(nameof(options.BeatInterval), options.BeatInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        rules.Between(nameof(options.RepairQueue), options.RepairQueue, 1, 1_000_000);
        return rules.Result();
    }
}
