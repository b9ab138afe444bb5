using Overnight.Core;

namespace Overnight.Api.Protection;

/// <summary>Limits of connections, bodies, times and concurrent requests of this node.</summary>
internal sealed class LimitOptions
{
    public const string Section = "Limits";

    /// <summary>Largest number of open connections; a further one is closed immediately.</summary>
    [Between(10L, 1_000_000L)]
    public long MaxConcurrentConnections { get; set; } = 10_000;

    /// <summary>Largest body of a request in bytes; a longer one is not read. Routes have lower limits of their own, up to 16 KB.</summary>
    [Between(16L * 1024, 1024L * 1024 * 1024)]
    public long MaxRequestBodySize { get; set; } = 64 * 1024;

    /// <summary>Longest time from a request's first byte to the end of its headers.</summary>
    [Between("00:00:01", "00:10:00")]
    public TimeSpan RequestHeadersTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Lowest rate of a body in bytes per second, after <see cref="MinRequestBodyDataRateGracePeriod"/>.</summary>
    [Between(1d, 1_000_000d)]
    public double MinRequestBodyDataRate { get; set; } = 240;

    [Between("00:00:02", "00:10:00")]
    public TimeSpan MinRequestBodyDataRateGracePeriod { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest time from the end of a request's headers to its answer, except on routes that stream or wait for work.</summary>
    [Between("00:00:00.100", "00:10:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Concurrent requests of one route. The default is half of a node's connections to PostgreSQL, so that no route takes them all.
    /// </summary>
    [Between(1, 10_000)]
    public int RequestsPerRoute { get; set; } = 8;

    /// <summary>Further requests of a route that wait in a queue; beyond that a request is answered 503.</summary>
    [Between(0, 100_000)]
    public int QueuePerRoute { get; set; } = 1_000;
}
