namespace Aspire.Hosting;

/// <summary>How a local PostgreSQL server is started.</summary>
public sealed record LocalPostgresOptions
{
    /// <summary>The port to listen on; Aspire allocates one when it is null.</summary>
    public int? Port { get; init; }

    /// <summary>
    /// Whether data is flushed to disk. False for data that a power cut may destroy, as in tests; a server that is killed loses nothing
    /// either way.
    /// </summary>
    public bool IsDurable { get; init; } = true;

    /// <summary>False to ignore an installed PostgreSQL and use the npm package.</summary>
    public bool UseInstalled { get; init; } = true;

    /// <summary>Where the npm package is unpacked; the data directory's name with <c>-binaries</c> when it is null.</summary>
    public string? BinariesDirectory { get; init; }
}

/// <summary>How a local Redis server is started.</summary>
public sealed record LocalRedisOptions
{
    /// <summary>The port to listen on; Aspire allocates one when it is null.</summary>
    public int? Port { get; init; }

    /// <summary>The program that runs as the server.</summary>
    public LocalRedisProgram Program { get; init; }

    /// <summary>
    /// Memory limit in Redis's notation, such as <c>64mb</c>; null for no limit with Redis and half of the machine's memory with Garnet.
    /// </summary>
    public string? MaxMemory { get; init; }

    /// <summary>Redis's <c>maxmemory-policy</c>; Garnet ignores it.</summary>
    public string EvictionPolicy { get; init; } = "noeviction";

    /// <summary>Further lines of Redis's configuration, such as <c>cluster-enabled yes</c>; Garnet ignores them.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>
    /// The folder in or above which <c>.config/dotnet-tools.json</c> names garnet-server; the AppHost's folder when it is null.
    /// </summary>
    public string? ToolDirectory { get; init; }
}

/// <summary>A program that speaks Redis's protocol.</summary>
public enum LocalRedisProgram
{
    /// <summary>The first of the programs below that is found.</summary>
    Any,

    /// <summary>redis-server.</summary>
    Redis,

    /// <summary>valkey-server.</summary>
    Valkey,

    /// <summary>The .NET tool garnet-server.</summary>
    Garnet,
}
