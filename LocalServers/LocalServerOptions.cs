namespace Aspire.Hosting;

/// <summary>How a local PostgreSQL server is started.</summary>
public sealed record LocalPostgresOptions
{
    /// <summary>The port to listen on; Aspire allocates one when it is null.</summary>
    public int? Port { get; init; }

    /// <summary>
    /// False for data that nobody misses after a power cut, as in tests: then nothing is flushed to disk. A killed server loses nothing
    /// either way.
    /// </summary>
    public bool IsDurable { get; init; } = true;

    /// <summary>False to pass over an installed PostgreSQL and take the npm package.</summary>
    public bool UseInstalled { get; init; } = true;

    /// <summary>Where the npm package is unpacked; the data directory's name with <c>-binaries</c> when it is null.</summary>
    public string? BinariesDirectory { get; init; }
}

/// <summary>How a local Redis server is started.</summary>
public sealed record LocalRedisOptions
{
    /// <summary>The port to listen on; Aspire allocates one when it is null.</summary>
    public int? Port { get; init; }

    /// <summary>Which program runs.</summary>
    public LocalRedisProgram Program { get; init; }

    /// <summary>
    /// In Redis's notation, for example <c>64mb</c>; null for no limit with Redis and half of the machine's memory with Garnet.
    /// </summary>
    public string? MaxMemory { get; init; }

    /// <summary>Redis's <c>maxmemory-policy</c>; Garnet has one way only.</summary>
    public string EvictionPolicy { get; init; } = "noeviction";

    /// <summary>Further lines of Redis's configuration, such as <c>cluster-enabled yes</c>; Garnet has another form.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>In it, or above it, is <c>.config/dotnet-tools.json</c> with garnet-server; the AppHost's folder when it is null.</summary>
    public string? ToolDirectory { get; init; }
}

/// <summary>A program that speaks Redis's protocol.</summary>
public enum LocalRedisProgram
{
    /// <summary>The first of the others that is to be had.</summary>
    Any,

    /// <summary>redis-server.</summary>
    Redis,

    /// <summary>valkey-server.</summary>
    Valkey,

    /// <summary>The .NET tool garnet-server.</summary>
    Garnet,
}
