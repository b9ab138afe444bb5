using Overnight.Core;

namespace Overnight.Api.Protection;

/// <summary>What one client, or all of them together, may take of this node.</summary>
internal sealed class LimitOptions
{
    public const string Section = "Limits";

    /// <summary>Connections open at once; one more is closed at once.</summary>
    [Between(10L, 1_000_000L)]
    public long MaxConcurrentConnections { get; set; } = 10_000;

    /// <summary>Bytes of a request's body. Routes read less, the longest 16 KB, and say so; of more nothing is read.</summary>
    [Between(16L * 1024, 1024L * 1024 * 1024)]
    public long MaxRequestBodySize { get; set; } = 64 * 1024;

    /// <summary>From a request's first byte to the end of its headers.</summary>
    [Between("00:00:01", "00:10:00")]
    public TimeSpan RequestHeadersTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes a second, at least, of a body that has begun, once <see cref="MinRequestBodyDataRateGracePeriod"/> is over.</summary>
    [Between(1d, 1_000_000d)]
    public double MinRequestBodyDataRate { get; set; } = 240;

    [Between("00:00:02", "00:10:00")]
    public TimeSpan MinRequestBodyDataRateGracePeriod { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>From the end of a request's headers to its answer, of routes that do not stream or wait for work.</summary>
    [Between("00:00:00.100", "00:10:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Requests of one route that are worked on at once: half of a node's connections to PostgreSQL, so that no route takes them all.
    /// </summary>
    [Between(1, 10_000)]
    public int RequestsPerRoute { get; set; } = 8;

    /// <summary>Further requests of that route that wait for their turn; one more is answered 503.</summary>
    [Between(0, 100_000)]
    public int QueuePerRoute { get; set; } = 1_000;
}
