using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>
/// The connection of our own over which a process asks the cache server: made when it is needed, and anew after it broke, at
/// once, where the client library looks once a second whether the server is back.
/// </summary>
public sealed class PlainConnection(IConnectionMultiplexer cache, IOptions<CacheOptions> options, TimeProvider time) : IDisposable
{
    private readonly TimeSpan _timeout = options.Value.Timeout;
    private readonly SemaphoreSlim _connecting = new(1);
    private CacheReads? _reads;

    /// <summary>The connection there is, without a wait; null when it has to be made.</summary>
    internal CacheReads? Current => Volatile.Read(ref _reads) is { IsBroken: false } reads ? reads : null;

    /// <returns>Null where only the client library can ask: at a cluster, or over TLS.</returns>
    /// <exception cref="TimeoutException">The server took no connection in time.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The server can't be reached.</exception>
    internal async ValueTask<CacheReads?> ConnectAsync()
    {
        if (Current is { } connected)
            return connected;
        if (PlainServer.Find(cache) is not { } server)
            return null;
        if (!await _connecting.WaitAsync(_timeout).ConfigureAwait(false))
            throw new TimeoutException("The cache took no connection in time.");
        try
        {
            if (Current is { } other)
                return other;
            var reads = await CacheReads.ConnectAsync(server, _timeout, time).ConfigureAwait(false);
            Volatile.Write(ref _reads, reads);
            return reads;
        }
        finally
        {
            _connecting.Release();
        }
    }

    public void Dispose()
    {
        _reads?.Dispose();
        _connecting.Dispose();
    }
}
