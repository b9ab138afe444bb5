using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>
/// The cache server (L2), the same over TLS, in a cluster and for an ACL user: the one type that speaks to it. It may be away at
/// any time: reads and single writes say so in what they return, and only writes by the thousand throw.
/// </summary>
/// <remarks>No command spans two keys, for they may lie on different nodes of a cluster.</remarks>
public sealed partial class CacheStore : IDisposable
{
    /// <summary>Commands sent together: enough to keep a server busy, few enough to keep its queue short.</summary>
    private const int Window = 512;

    /// <summary>Writes that wait for a server that does not take them; beyond, entries live there until their TTL.</summary>
    private const int MostWaiting = 100_000;

    /// <summary>Bytes beyond which an entry is counted and told (SPEC B3).</summary>
    private const int LargeEntry = 1024 * 1024;

    /// <summary>Between two tries of what waits.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Refusals that are the server's or the user's state and not the entry's fault.</summary>
    private static readonly string[] StateRefusals = ["READONLY", "NOREPLICAS", "MISCONF", "NOPERM", "OOM"];

    private static readonly RedisChannel Channel = new(CacheChannel.Name, RedisChannel.PatternMode.Literal);

    private readonly IConnectionMultiplexer _cache;
    private readonly CacheCircuit _circuit;
    private readonly CacheTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly ILogger<CacheStore> _logger;
    private readonly ConcurrentDictionary<string, CacheWrite> _waiting = new(StringComparer.Ordinal);
    private readonly ITimer _retry;
    private int _waitingCount;
    private string? _refusal;

    public CacheStore(
        IConnectionMultiplexer cache,
        CacheCircuit circuit,
        CacheTelemetry telemetry,
        TimeProvider time,
        ILogger<CacheStore> logger
    )
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(time);
        (_cache, _circuit, _telemetry, _time, _logger) = (cache, circuit, telemetry, time, logger);
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
    public string? Refusal => Volatile.Read(ref _refusal);

    /// <returns><see cref="CacheOutcome.Hit"/> with the bytes as they are stored; whether they are intact is the reader's to say.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(CacheOutcome Outcome, byte[]? Value)> GetAsync(string key)
    {
        // What the server could not be told to forget is not believed.
        if (Waits(key))
            return (CacheOutcome.Miss, null);
        if (!_circuit.TryEnter())
            return (CacheOutcome.Bypassed, null);
        var begin = _time.GetTimestamp();
        try
        {
            byte[]? value = await _cache.GetDatabase().StringGetAsync(key).ConfigureAwait(false);
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

    /// <summary>
    /// Writes an entry where none is, or in the place of exactly <paramref name="replacing"/>: what somebody else wrote
    /// meanwhile stays. So a write that arrives late does no harm, and needs nothing behind it.
    /// </summary>
    /// <returns>False when something else is there, or the cache is away.</returns>
    public async ValueTask<bool> AddAsync(CacheWrite entry, byte[]? replacing = null)
    {
        if (Waits(entry.Key))
            return false;
        var (answered, added) = await AskAsync(
                database =>
                {
                    if (replacing is null)
                        return database.StringSetAsync(entry.Key, entry.Value, entry.Ttl, When.NotExists);
                    // SER301: the compare-and-set of one command needs Redis 8.4; WATCH is understood by every server.
#pragma warning disable SER301
                    var transaction = database.CreateTransaction();
                    transaction.AddCondition(Condition.StringEqual(entry.Key, replacing));
                    _ = transaction.StringSetAsync(entry.Key, entry.Value, entry.Ttl);
#pragma warning restore SER301
                    return transaction.ExecuteAsync();
                },
                isWrite: true
            )
            .ConfigureAwait(false);
        if (added || !answered)
            _telemetry.Statistics.Wrote(1, done: added);
        return added;
    }

    /// <summary>Writes entries by the thousand. When it ends without a failure, every answer is there.</summary>
    /// <param name="onlyAbsent">Leaves what is there; an entry that is not written for that reason is not refused.</param>
    /// <returns>Those that the server refused, each for itself.</returns>
    /// <exception cref="CacheAwayException">The cache is away; some of them may have been written.</exception>
    public async Task<CacheRefusals> WriteAsync(IReadOnlyList<CacheWrite> entries, bool onlyAbsent = false)
    {
        ArgumentNullException.ThrowIfNull(entries);
        CacheRefusals refused = new();
        for (var from = 0; from < entries.Count; from += Window)
            await WriteAsync(entries, from, Math.Min(Window, entries.Count - from), onlyAbsent, refused).ConfigureAwait(false);
        return refused;
    }

    /// <returns>How many of them were there; null when the cache is away, and entries then live until their TTL.</returns>
    public async ValueTask<long?> RemoveAsync(IReadOnlyCollection<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var removed = 0L;
        foreach (var some in keys.Chunk(Window))
        {
            var (answered, gone) = await AskAsync(
                    database => Task.WhenAll(Array.ConvertAll(some, key => database.KeyDeleteAsync(key))),
                    isWrite: true
                )
                .ConfigureAwait(false);
            if (!answered)
                return null;
            removed += gone!.Count(was => was);
        }
        return removed;
    }

    /// <summary>
    /// Writes marks over entries that must not be believed any more. What the server does not take is tried again until it
    /// does, and this process does not read these entries meanwhile.
    /// </summary>
    /// <returns>Whether the server took all of them now.</returns>
    public async ValueTask<bool> ForgetAsync(IReadOnlyList<CacheWrite> marks)
    {
        ArgumentNullException.ThrowIfNull(marks);
        foreach (var mark in marks)
        {
            if (_waiting.Count < MostWaiting || _waiting.ContainsKey(mark.Key))
                _waiting[mark.Key] = mark;
        }
        Volatile.Write(ref _waitingCount, _waiting.Count);
        return await TellAsync(marks).ConfigureAwait(false);
    }

    /// <summary>Whether the cache server has an entry, and for how long; nothing is read.</summary>
    /// <returns>Null when the cache is away.</returns>
    public async ValueTask<EntryState?> LookAsync(string key)
    {
        var (answered, state) = await AskAsync(async database =>
            {
                var (exists, remaining) = (database.KeyExistsAsync(key), database.KeyTimeToLiveAsync(key));
                return new EntryState(await exists.ConfigureAwait(false), await remaining.ConfigureAwait(false));
            })
            .ConfigureAwait(false);
        return answered ? state : null;
    }

    /// <summary>The text under a key, whose life begins anew; for what this process needs to know before it can go on.</summary>
    /// <returns>Null where nothing is.</returns>
    /// <exception cref="CacheAwayException">The cache is away.</exception>
    public async Task<string?> FindAsync(string key, TimeSpan ttl)
    {
        var value = await OrAwayAsync(() => _cache.GetDatabase().StringGetAsync(key)).ConfigureAwait(false);
        if (!value.IsNull)
            await OrAwayAsync(() => _cache.GetDatabase().KeyExpireAsync(key, ttl)).ConfigureAwait(false);
        return value;
    }

    /// <summary>Whether the server answers, and how fast.</summary>
    /// <exception cref="CacheAwayException">It does not.</exception>
    public Task<TimeSpan> PingAsync() => OrAwayAsync(() => _cache.GetDatabase().PingAsync());

    /// <summary>Each server of the cache that is connected, as it tells of itself.</summary>
    /// <exception cref="CacheAwayException">None is, or one does not tell.</exception>
    public async Task<IReadOnlyList<ServerFigures>> DescribeAsync()
    {
        List<ServerFigures> servers = [];
        foreach (var server in _cache.GetServers().Where(server => server.IsConnected))
        {
            var latency = await OrAwayAsync(() => server.PingAsync()).ConfigureAwait(false);
            var keys = await OrAwayAsync(() => server.DatabaseSizeAsync()).ConfigureAwait(false);
            var told = (await OrAwayAsync(() => server.InfoAsync()).ConfigureAwait(false))
                .SelectMany(section => section)
                .DistinctBy(pair => pair.Key)
                .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);
            servers.Add(new($"{server.EndPoint}", keys, latency, told));
        }
        return servers.Count > 0 ? servers : throw new CacheAwayException("It is not connected.");
    }

    /// <summary>Sends a message of <see cref="CacheChannel"/>, if there is a way to send it: who hears it late or not at all keeps old entries for the memory's TTL.</summary>
    public void Publish(byte[] message)
    {
        if (_circuit.IsOpen)
            return;
        try
        {
            _cache.GetSubscriber().Publish(Channel, message, CommandFlags.FireAndForget);
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            // Nodes without a channel keep nothing in memory, so they need not hear it.
        }
    }

    /// <summary>The same, and waits until the server has it.</summary>
    /// <exception cref="CacheAwayException">The cache is away.</exception>
    public Task PublishAsync(byte[] message) => OrAwayAsync(() => _cache.GetSubscriber().PublishAsync(Channel, message));

    /// <summary>Hears <see cref="CacheChannel"/>, also after the connection was lost and restored.</summary>
    /// <exception cref="CacheAwayException">The cache is away.</exception>
    public Task SubscribeAsync(Action<byte[]> hear) =>
        OrAwayAsync(async () =>
        {
            await _cache.GetSubscriber().SubscribeAsync(Channel, (_, message) => hear((byte[]?)message ?? [])).ConfigureAwait(false);
            return true;
        });

    public void Dispose()
    {
        _cache.ConnectionFailed -= OnConnectionFailed;
        _cache.ConnectionRestored -= OnConnectionRestored;
        _retry.Dispose();
    }

    private async Task WriteAsync(IReadOnlyList<CacheWrite> entries, int from, int count, bool onlyAbsent, CacheRefusals refused)
    {
        if (!_circuit.TryEnter())
            throw new CacheAwayException("It did not answer a moment ago.");
        var batch = _cache.GetDatabase().CreateBatch();
        var when = onlyAbsent ? When.NotExists : When.Always;
        var sent = new Task[count];
        for (var i = 0; i < count; i++)
        {
            var entry = entries[from + i];
            if (entry.Value.Length > LargeEntry)
            {
                _telemetry.Large();
                Log.Large(_logger, entry.Key, entry.Value.Length);
            }
            sent[i] = batch.StringSetAsync(entry.Key, entry.Value, entry.Ttl, when);
        }
        var before = refused.Count;
        Exception? away = null;
        try
        {
            batch.Execute();
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            // Told below; what was sent is answered, or fails as well.
            away = exception;
        }
        await Task.WhenAll(sent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        for (var i = 0; i < count; i++)
        {
            switch (sent[i].Exception?.InnerException)
            {
                case null when sent[i].IsCompletedSuccessfully:
                    break;
                case RedisServerException refusal:
                    refused.Add(from + i, refusal.Message);
                    break;
                case var failure:
                    away ??= failure ?? new OperationCanceledException();
                    break;
            }
        }
        if (away is not null)
        {
            // What was not confirmed may still arrive, over a newer entry. It is deleted behind it, on the same connection: a miss is never wrong.
            if (!onlyAbsent)
                DeleteBehind(entries, from, count);
            Failed(away);
            _telemetry.Statistics.Wrote(count, done: false);
            throw new CacheAwayException(away.Message, away);
        }
        _circuit.Succeeded();
        var now = refused.Count - before;
        _telemetry.Statistics.Wrote(count - now, done: true);
        _telemetry.Statistics.Wrote(now, done: false);
        if (now < count)
            Taken();
        else
            Refused(refused.First!);
    }

    private void DeleteBehind(IReadOnlyList<CacheWrite> entries, int from, int count)
    {
        try
        {
            for (var i = from; i < from + count; i++)
                _cache.GetDatabase().KeyDelete(entries[i].Key, CommandFlags.FireAndForget);
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            // No connection to send it on, so nothing of the write is on its way either.
        }
    }

    private bool Waits(string key) => Volatile.Read(ref _waitingCount) > 0 && _waiting.ContainsKey(key);

    /// <summary>Tells the server marks that wait; those it takes wait no longer.</summary>
    private async Task<bool> TellAsync(IReadOnlyList<CacheWrite> marks)
    {
        var told = false;
        try
        {
            var refused = await WriteAsync(marks).ConfigureAwait(false);
            foreach (var (mark, at) in marks.Select((mark, at) => (mark, at)))
            {
                // Another mark of the same entry may have come meanwhile, and waits for itself.
                if (!refused.Contains(at))
                    _waiting.TryRemove(new(mark.Key, mark));
            }
            told = refused.Count == 0;
        }
        catch (CacheAwayException)
        {
            // They wait.
        }
        Volatile.Write(ref _waitingCount, _waiting.Count);
        if (!told)
            _retry.Change(RetryInterval, Timeout.InfiniteTimeSpan);
        return told;
    }

    private async Task RetryAsync()
    {
        if (!_waiting.IsEmpty)
            await TellAsync([.. _waiting.Values.Take(Window)]).ConfigureAwait(false);
        else if (Refusal is not null)
            // Nobody else may write for a while.
            await AskAsync(database => database.StringSetAsync(CacheKeys.WriteProbe, 1, RetryInterval), isWrite: true)
                .ConfigureAwait(false);
        if (!_waiting.IsEmpty || Refusal is not null)
            _retry.Change(RetryInterval, Timeout.InfiniteTimeSpan);
    }

    private async ValueTask<(bool Answered, T? Value)> AskAsync<T>(Func<IDatabase, Task<T>> ask, bool isWrite = false)
    {
        if (!_circuit.TryEnter())
            return default;
        try
        {
            var value = await ask(_cache.GetDatabase()).ConfigureAwait(false);
            _circuit.Succeeded();
            if (isWrite)
                Taken();
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
            var answer = await ask().ConfigureAwait(false);
            _circuit.Succeeded();
            return answer;
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            throw new CacheAwayException(exception.Message, exception);
        }
    }

    private void Taken()
    {
        if (Volatile.Read(ref _refusal) is not null && Interlocked.Exchange(ref _refusal, null) is not null)
            Log.TakesWrites(_logger);
    }

    private void Refused(string reason)
    {
        if (!StateRefusals.Any(state => reason.StartsWith(state, StringComparison.Ordinal)))
            return;
        if (Interlocked.Exchange(ref _refusal, reason) is null)
        {
            Log.RefusesWrites(_logger, reason);
            _retry.Change(RetryInterval, Timeout.InfiniteTimeSpan);
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

    private static partial class Log
    {
        [LoggerMessage(
            203,
            LogLevel.Warning,
            "The cache answers reads and takes no writes; what it must forget is told to it again until it does. {Reason}"
        )]
        public static partial void RefusesWrites(ILogger logger, string reason);

        [LoggerMessage(
            205,
            LogLevel.Warning,
            "The entry {Key} has {Bytes} bytes: one that large keeps a server from answering others while it is sent."
        )]
        public static partial void Large(ILogger logger, string key, int bytes);

        [LoggerMessage(204, LogLevel.Information, "The cache takes writes again.")]
        public static partial void TakesWrites(ILogger logger);
    }
}
