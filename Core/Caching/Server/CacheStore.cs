using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using StackExchange.Redis.KeyspaceIsolation;

namespace Overnight.Core.Caching;

/// <summary>
/// The cache server (L2), the same over TLS, in a cluster and for an ACL user: the one type that speaks to it. It may be away at
/// any time: reads and single writes say so in what they return, and only writes by the thousand throw.
/// </summary>
/// <remarks>No command spans two keys, for they may lie on different nodes of a cluster.</remarks>
public sealed partial class CacheStore : IDisposable
{
    private readonly IConnectionMultiplexer _cache;
    private readonly IDatabase _database;
    private readonly CacheCircuit _circuit;
    private readonly CacheTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly ILogger<CacheStore> _logger;
    private readonly PendingMarks _pending = new();
    private readonly WriteState _writes;
    private readonly ITimer _retry;

    /// <param name="keyPrefix">In front of every key and of the channel: an own keyspace on the same server; null for that of the
    /// product.</param>
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

    /// <summary>Some connection to a server was lost; what was said on the channel meanwhile may have been missed.</summary>
    public event EventHandler? ConnectionLost;

    /// <summary>Why the server, which answers reads, takes no writes; null when it takes them.</summary>
    public string? Refusal => _writes.Refusal;

    /// <returns><see cref="CacheOutcome.Hit"/> with the bytes as they are stored; whether they are intact is the reader's to say.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(CacheOutcome Outcome, byte[]? Value)> GetAsync(string key)
    {
        // What the server could not be told to forget is not believed.
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
            // Somebody else's list or hash under our key: the server is well, the entry is not.
            _circuit.Succeeded();
            return (CacheOutcome.Damaged, null);
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            // The cache is an optimisation: whoever asked goes on without it.
            Failed(exception);
            return (CacheOutcome.Error, null);
        }
    }

    /// <summary>Whether the cache server has an entry, and for how long; nothing is read.</summary>
    /// <returns>Null when the cache is away.</returns>
    public async ValueTask<EntryState?> LookAsync(string key)
    {
        var (answered, state) = await AskAsync(async database =>
        {
            var (exists, remaining) = (database.KeyExistsAsync(key), database.KeyTimeToLiveAsync(key));
            return new EntryState(await exists, await remaining);
        });
        return answered ? state : null;
    }

    /// <summary>The text under a key, whose life begins anew; for what this process needs to know before it can go on.</summary>
    /// <returns>Null where nothing is.</returns>
    /// <exception cref="CacheAwayException">The cache is away.</exception>
    public async Task<string?> FindAsync(string key, TimeSpan ttl)
    {
        var value = await OrAwayAsync(() => _database.StringGetAsync(key));
        if (!value.IsNull)
            await OrAwayAsync(() => _database.KeyExpireAsync(key, ttl));
        return value;
    }

    /// <summary>Whether the server answers, and how fast.</summary>
    /// <exception cref="CacheAwayException">It does not.</exception>
    public Task<TimeSpan> PingAsync() => OrAwayAsync(() => _database.PingAsync());

    /// <summary>Each server of the cache that is connected, as it tells of itself.</summary>
    /// <exception cref="CacheAwayException">None is, or one does not tell.</exception>
    public async Task<IReadOnlyList<ServerFigures>> DescribeAsync()
    {
        List<ServerFigures> servers = [];
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
        return servers.Count > 0 ? servers : throw new CacheAwayException("It is not connected.");
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
            // Refused, as by a server that is full: it still answers reads.
            _circuit.Succeeded();
            if (isWrite)
                Refused(exception.Message);
            return default;
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            // As of a read.
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
        // Of a cluster one node may be gone, which is known without a wait: the others are asked as before.
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

    /// <summary>Whether it is what a call to a cache that is away ends with.</summary>
    private static bool IsOutage(Exception exception) =>
        exception
            is RedisException
                or RedisCommandException
                or TimeoutException
                or IOException
                or ObjectDisposedException
                or OperationCanceledException;
}
