using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>An entry to write; every entry has a TTL.</summary>
public readonly record struct CacheWrite(string Key, byte[] Value, TimeSpan Ttl);

/// <summary>
/// The cache server (L2), as something that may be away: each call takes <see cref="CacheOptions.Timeout"/> at most, goes
/// through the <see cref="CacheCircuit"/>, and never throws for want of a cache.
/// </summary>
public sealed class CacheStore : IDisposable
{
    private readonly IConnectionMultiplexer _cache;
    private readonly PlainConnection _connection;
    private readonly CacheCircuit _circuit;
    private readonly TimeSpan _timeout;
    private readonly CacheTelemetry _telemetry;
    private readonly TimeProvider _time;

    public CacheStore(
        IConnectionMultiplexer cache,
        PlainConnection connection,
        CacheCircuit circuit,
        IOptions<CacheOptions> options,
        CacheTelemetry telemetry,
        TimeProvider time
    )
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(options);
        (_cache, _connection, _circuit, _timeout, _telemetry, _time) = (cache, connection, circuit, options.Value.Timeout, telemetry, time);
        cache.ConnectionRestored += OnRestored;
    }

    /// <summary>Whether a write is worth preparing.</summary>
    public bool IsAway => _circuit.IsOpen;

    /// <returns><see cref="CacheOutcome.Hit"/> with the bytes as they are stored; whether they are intact is the reader's to say.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(CacheOutcome Outcome, byte[]? Value)> GetAsync(string key)
    {
        if (!_circuit.TryEnter())
            return (CacheOutcome.Bypassed, null);
        Task<RedisValue>? call = null;
        var begin = _time.GetTimestamp();
        try
        {
            byte[]? value;
            if (_connection.Current is { } reads)
                value = await reads.GetAsync(key).ConfigureAwait(false);
            else if (await _connection.ConnectAsync().ConfigureAwait(false) is { } connected)
                value = await connected.GetAsync(key).ConfigureAwait(false);
            else
                value = await (call = _cache.GetDatabase().StringGetAsync(key)).WaitAsync(_timeout, _time).ConfigureAwait(false);
            _circuit.Succeeded();
            if (value is not null)
                _telemetry.Statistics.Answered(_time.GetElapsedTime(begin));
            return (value is null ? CacheOutcome.Miss : CacheOutcome.Hit, value);
        }
        catch (Exception ex)
            when (ex is RedisServerException or CacheReplyException && ex.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            // Somebody else's list or hash under our key: the server is well, the entry is not.
            _circuit.Succeeded();
            return (CacheOutcome.Damaged, null);
        }
        catch (Exception ex) when (CacheOutage.Is(ex))
        {
            // The cache is an optimisation: whoever asked goes on without it.
            Failed(call, ex);
            return (CacheOutcome.Error, null);
        }
    }

    /// <summary>Writes all entries in one pipeline.</summary>
    /// <returns>
    /// False when the cache is away or did not confirm in time. What was not confirmed may still arrive at the server
    /// later; the keys are then deleted behind it, on the same connection.
    /// </returns>
    public async ValueTask<bool> SetAsync(params CacheWrite[] entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        if (!CanWrite())
            return false;
        Task? call = null;
        try
        {
            var batch = _cache.GetDatabase().CreateBatch();
            call = Task.WhenAll(Array.ConvertAll(entries, e => batch.StringSetAsync(e.Key, e.Value, e.Ttl)));
            batch.Execute();
            await call.WaitAsync(_timeout, _time).ConfigureAwait(false);
            _circuit.Succeeded();
            _telemetry.Statistics.Wrote(entries.Length, done: true);
            return true;
        }
        catch (RedisServerException)
        {
            // Refused, as by a server that is full: it still answers reads. One of the entries may have been taken.
            _circuit.Succeeded();
            DeleteBehind(entries);
            _telemetry.Statistics.Wrote(entries.Length, done: false);
            return false;
        }
        catch (Exception ex) when (CacheOutage.Is(ex))
        {
            // As above; an entry that is not there is a miss, one that arrives after a newer one would be wrong.
            Failed(call, ex);
            DeleteBehind(entries);
            _telemetry.Statistics.Wrote(entries.Length, done: false);
            return false;
        }
    }

    /// <summary>
    /// Writes an entry where none is, or in the place of exactly <paramref name="replacing"/>: what somebody else wrote
    /// meanwhile stays. So a write that arrives late does no harm, and needs nothing behind it.
    /// </summary>
    /// <returns>False when something else is there, or the cache is away.</returns>
    public async ValueTask<bool> AddAsync(CacheWrite entry, byte[]? replacing = null)
    {
        if (!CanWrite())
            return false;
        Task<bool>? call = null;
        try
        {
            var database = _cache.GetDatabase();
            if (replacing is null)
            {
                call = database.StringSetAsync(entry.Key, entry.Value, entry.Ttl, When.NotExists);
            }
            else
            {
                // SER301: the compare-and-set of one command needs Redis 8.4; WATCH is understood by every server.
#pragma warning disable SER301
                var transaction = database.CreateTransaction();
                transaction.AddCondition(Condition.StringEqual(entry.Key, replacing));
                _ = transaction.StringSetAsync(entry.Key, entry.Value, entry.Ttl);
#pragma warning restore SER301
                call = transaction.ExecuteAsync();
            }
            var added = await call.WaitAsync(_timeout, _time).ConfigureAwait(false);
            _circuit.Succeeded();
            if (added)
                _telemetry.Statistics.Wrote(1, done: true);
            return added;
        }
        catch (RedisServerException)
        {
            // Refused, as by a server that is full: it still answers reads.
            _circuit.Succeeded();
            _telemetry.Statistics.Wrote(1, done: false);
            return false;
        }
        catch (Exception ex) when (CacheOutage.Is(ex))
        {
            // As above.
            Failed(call, ex);
            _telemetry.Statistics.Wrote(1, done: false);
            return false;
        }
    }

    /// <returns>False when the cache is away; the entries then live until their TTL.</returns>
    public async ValueTask<bool> RemoveAsync(params string[] keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        // One command a key: keys of one user may live on different nodes of a cluster.
        return (
            await AskAsync(database => Task.WhenAll(Array.ConvertAll(keys, key => database.KeyDeleteAsync(key)))).ConfigureAwait(false)
        ).Answered;
    }

    /// <summary>Asks, or does, what has no method of its own here.</summary>
    /// <returns>Not answered when the cache is away.</returns>
    internal async ValueTask<(bool Answered, T? Value)> AskAsync<T>(Func<IDatabase, Task<T>> ask)
    {
        if (!CanWrite())
            return default;
        Task<T>? call = null;
        try
        {
            call = ask(_cache.GetDatabase());
            var value = await call.WaitAsync(_timeout, _time).ConfigureAwait(false);
            _circuit.Succeeded();
            return (true, value);
        }
        catch (Exception ex) when (CacheOutage.Is(ex))
        {
            // As above.
            Failed(call, ex);
            return default;
        }
    }

    /// <summary>Sends a message of <see cref="CacheChannel"/>, if there is a way to send it: who hears it late or not at all keeps old results for the memory's TTL.</summary>
    public void Publish(byte[] message)
    {
        if (_circuit.IsOpen)
            return;
        try
        {
            _cache
                .GetSubscriber()
                .Publish(new RedisChannel(CacheChannel.Name, RedisChannel.PatternMode.Literal), message, CommandFlags.FireAndForget);
        }
        catch (Exception ex) when (CacheOutage.Is(ex))
        {
            // Nodes without a channel keep nothing in memory, so they need not hear it.
        }
    }

    public void Dispose() => _cache.ConnectionRestored -= OnRestored;

    /// <summary>A client library that is still connecting says nothing of the server, which reads may have found to be back.</summary>
    private bool CanWrite() => _cache.IsConnected && _circuit.TryEnter();

    private void OnRestored(object? sender, ConnectionFailedEventArgs e) => _circuit.Reconnected();

    private void DeleteBehind(CacheWrite[] entries)
    {
        try
        {
            foreach (var entry in entries)
                _cache.GetDatabase().KeyDelete(entry.Key, CommandFlags.FireAndForget);
        }
        catch (Exception ex) when (CacheOutage.Is(ex))
        {
            // No connection to send it on, so nothing of the write is on its way either.
        }
    }

    private void Failed(Task? call, Exception ex)
    {
        // A call that was given up fails later, with nobody left to hear it.
        _ = call?.ContinueWith(
            static t => _ = t.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        _circuit.Failed(ex);
    }
}
