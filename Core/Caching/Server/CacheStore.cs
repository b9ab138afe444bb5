using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using StackExchange.Redis.KeyspaceIsolation;

namespace Overnight.Core.Caching;

/// <summary>
/// The cache server (L2): the only type that sends it commands, the same over TLS, in a cluster and for an ACL user. The server may fail
/// at any time: reads and single writes report that in their result, and only bulk writes throw.
/// </summary>
/// <remarks>No command spans two keys, because the keys may lie on different nodes of a cluster.</remarks>
public sealed partial class CacheStore : IDisposable
{
    private readonly IConnectionMultiplexer _cache;
    private readonly IDatabase _database;
    private readonly CacheCircuit _circuit;
    private readonly CacheTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly ILogger<CacheStore> _logger;
    private readonly PendingInvalidations _pending = new();
    private readonly WriteAvailability _writes;
    private readonly ITimer _retry;

    /// <param name="keyPrefix">Prefix of every key and of the channel, for a separate keyspace on the same server; null for the product's
    /// keyspace.</param>
    public CacheStore(
        IConnectionMultiplexer cache,
        CacheCircuit circuit,
        CacheTelemetry telemetry,
        TimeProvider time,
        ILogger<CacheStore> logger,
        string? keyPrefix = null
    )
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(time);
        (_cache, _circuit, _telemetry, _time, _logger) = (cache, circuit, telemetry, time, logger);
        _database = keyPrefix is null ? cache.GetDatabase() : cache.GetDatabase().WithKeyPrefix(keyPrefix);
        _channel = RedisChannel.Literal(keyPrefix + CacheChannel.Name);
        _writes = new(logger);
        _retry = time.CreateTimer(
            static store => _ = ((CacheStore)store!).RetryAsync(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        cache.ConnectionFailed += OnConnectionFailed;
        cache.ConnectionRestored += OnConnectionRestored;
    }

    /// <summary>A connection to a server was lost, so messages of the channel may have been missed.</summary>
    public event EventHandler? ConnectionLost;

    /// <summary>The server's reason for refusing writes while it answers reads; null while it accepts them.</summary>
    public string? Refusal => _writes.Refusal;

    /// <returns><see cref="CacheOutcome.Hit"/> with the bytes as they are stored; the caller checks whether they are intact.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(CacheOutcome Outcome, byte[]? Value)> GetAsync(string key)
    {
        // The entry was invalidated, but the server has not accepted the invalidation yet.
        if (_pending.Contains(key))
            return (CacheOutcome.Miss, null);
        if (!_circuit.TryEnter())
            return (CacheOutcome.Bypassed, null);
        var begin = _time.GetTimestamp();
        try
        {
            byte[]? value = await _database.StringGetAsync(key);
            _circuit.Succeeded();
            if (value is null)
                return (CacheOutcome.Miss, null);
            _telemetry.Statistics.Answered(_time.GetElapsedTime(begin));
            return (CacheOutcome.Hit, value);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            // Another program stores a list or hash under this key: the server works, the entry is unusable.
            _circuit.Succeeded();
            return (CacheOutcome.Damaged, null);
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            // The cache is an optimisation, so the caller goes on without it.
            Failed(exception);
            return (CacheOutcome.Error, null);
        }
    }

    /// <summary>Whether the cache server has an entry, and for how long, without reading the entry.</summary>
    /// <returns>Null when the cache can't be reached.</returns>
    public async ValueTask<EntryState?> LookAsync(string key)
    {
        var (answered, state) = await AskAsync(async database =>
        {
            var (exists, remaining) = (database.KeyExistsAsync(key), database.KeyTimeToLiveAsync(key));
            return new EntryState(await exists, await remaining);
        });
        return answered ? state : null;
    }

    /// <summary>Reads the text under a key and starts its TTL anew, for values without which this process can't go on.</summary>
    /// <returns>Null when the key does not exist.</returns>
    /// <exception cref="CacheAwayException">The cache can't be reached.</exception>
    public async Task<string?> FindAsync(string key, TimeSpan ttl)
    {
        var value = await OrAwayAsync(() => _database.StringGetAsync(key));
        if (!value.IsNull)
            await OrAwayAsync(() => _database.KeyExpireAsync(key, ttl));
        return value;
    }

    /// <summary>Measures how long the server takes to answer.</summary>
    /// <exception cref="CacheAwayException">The server does not answer.</exception>
    public Task<TimeSpan> PingAsync() => OrAwayAsync(() => _database.PingAsync());

    /// <summary>Figures of each server of the cache that is connected.</summary>
    /// <exception cref="CacheAwayException">No server is connected, or one does not answer.</exception>
    public async Task<IReadOnlyList<CacheServerInfo>> DescribeAsync()
    {
        List<CacheServerInfo> servers = [];
        foreach (var server in _cache.GetServers().Where(server => server.IsConnected))
        {
            var latency = await OrAwayAsync(() => server.PingAsync());
            var keys = await OrAwayAsync(() => server.DatabaseSizeAsync());
            var told = (await OrAwayAsync(() => server.InfoAsync()))
                .SelectMany(section => section)
                .DistinctBy(pair => pair.Key)
                .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);
            servers.Add(new($"{server.EndPoint}", keys, latency, told));
        }
        return servers.Count > 0 ? servers : throw new CacheAwayException("No server of the cache is connected.");
    }

    public void Dispose()
    {
        _cache.ConnectionFailed -= OnConnectionFailed;
        _cache.ConnectionRestored -= OnConnectionRestored;
        _retry.Dispose();
    }

    private async ValueTask<(bool Answered, T? Value)> AskAsync<T>(Func<IDatabase, Task<T>> ask, bool isWrite = false)
    {
        if (!_circuit.TryEnter())
            return default;
        try
        {
            var value = await ask(_database);
            _circuit.Succeeded();
            if (isWrite)
                _writes.Taken();
            return (true, value);
        }
        catch (RedisServerException exception)
        {
            // A refused write, for example because the server's memory is full, is no outage: the server still answers reads.
            _circuit.Succeeded();
            if (isWrite)
                Refused(exception.Message);
            return default;
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            // The cache is an optimisation, so the caller goes on without it.
            Failed(exception);
            return default;
        }
    }

    private async Task<T> OrAwayAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            var answer = await ask();
            _circuit.Succeeded();
            return answer;
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            throw new CacheAwayException(exception.Message, exception);
        }
    }

    private void Failed(Exception exception)
    {
        // In a cluster, a call to a node that is gone fails without a wait, so the circuit stays closed for the other nodes.
        if (exception is not RedisConnectionException || !_cache.IsConnected)
            _circuit.Failed(exception);
    }

    private void OnConnectionFailed(object? sender, ConnectionFailedEventArgs e)
    {
        ConnectionLost?.Invoke(this, EventArgs.Empty);
        if (!_cache.IsConnected)
            _circuit.Failed(e.Exception ?? new IOException($"The connection was lost: {e.FailureType}."));
    }

    private void OnConnectionRestored(object? sender, ConnectionFailedEventArgs e) => _circuit.Succeeded();

    /// <summary>Whether the exception shows that the cache can't be reached, rather than a fault of the command.</summary>
    private static bool IsOutage(Exception exception) =>
        exception
            is RedisException
                or RedisCommandException
                or TimeoutException
                or IOException
                or ObjectDisposedException
                or OperationCanceledException;
}
