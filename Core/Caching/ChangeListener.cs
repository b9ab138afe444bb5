using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>
/// Hears <see cref="CacheChannel"/>, forgets what changed, and learns which generations were raised. The memory is in use only while this node hears its own
/// beats on the channel, which is the proof that it hears the others; it starts empty each time that proof comes anew.
/// </summary>
public sealed partial class ChangeListener : IDisposable
{
    private static readonly RedisChannel Channel = new(CacheChannel.Name, RedisChannel.PatternMode.Literal);

    private readonly IConnectionMultiplexer _cache;
    private readonly MemoryResults _memory;
    private readonly ResultReader _reader;
    private readonly MemoryEntries _memoryEntries;
    private readonly EntryReader _entries;
    private readonly Generations _generations;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ILogger<ChangeListener> _logger;
    private readonly Lock _state = new();
    private bool _subscribed;
    private bool _listening;
    private Guid? _awaited;

    public ChangeListener(
        IConnectionMultiplexer cache,
        MemoryResults memory,
        ResultReader reader,
        MemoryEntries memoryEntries,
        EntryReader entries,
        Generations generations,
        IOptions<CacheOptions> options,
        TimeProvider time,
        ILogger<ChangeListener> logger
    )
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(options);
        (_cache, _memory, _reader, _memoryEntries, _entries, _generations) = (cache, memory, reader, memoryEntries, entries, generations);
        (_timeout, _time, _logger) = (options.Value.Timeout, time, logger);
        cache.ConnectionFailed += OnConnectionFailed;
    }

    /// <summary>Judges whether the last beat was heard, and sends the next.</summary>
    public async Task RunOnceAsync()
    {
        _memory.Trim();
        _memoryEntries.Trim();
        _reader.Trim();
        await _entries.RetryInvalidationsAsync().ConfigureAwait(false);
        var beat = Guid.NewGuid();
        try
        {
            if (!_subscribed)
            {
                await _cache.GetSubscriber().SubscribeAsync(Channel, OnMessage).WaitAsync(_timeout, _time).ConfigureAwait(false);
                _subscribed = true;
            }
            Await(beat);
            await _cache.GetSubscriber().PublishAsync(Channel, CacheChannel.Beat(beat)).WaitAsync(_timeout, _time).ConfigureAwait(false);
        }
        catch (Exception ex)
            when (ex is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException or OperationCanceledException
            )
        {
            // No channel now; the next beat tries again. A reader's circuit says why in the log, once.
            Lose();
        }
    }

    public void Dispose() => _cache.ConnectionFailed -= OnConnectionFailed;

    private void OnMessage(RedisChannel channel, RedisValue message)
    {
        byte[]? bytes = message;
        if (CacheChannel.TryReadChanged(bytes, out _, out var first, out var last))
        {
            _reader.Forget(first, last);
            _memory.Invalidate(first, last);
        }
        else if (CacheChannel.TryReadKeys(bytes, out var keys))
        {
            _entries.Forget(keys);
        }
        else if (CacheChannel.TryReadRaised(bytes, out var tenant, out var entities, out var generation))
        {
            _generations.Hear(tenant, entities, generation);
        }
        else if (CacheChannel.TryReadBeat(bytes, out var beat))
        {
            Hear(beat);
        }
        else
        {
            // Another build's word for a change, perhaps.
            _memory.Clear();
            _memoryEntries.Clear();
        }
    }

    private void OnConnectionFailed(object? sender, ConnectionFailedEventArgs e)
    {
        // Messages may have been missed from here on.
        if (e.ConnectionType == ConnectionType.Subscription)
            Lose();
    }

    private void Await(Guid beat)
    {
        lock (_state)
        {
            if (_awaited is not null)
                Lose();
            _awaited = beat;
        }
    }

    private void Hear(Guid beat)
    {
        lock (_state)
        {
            // Not another node's, and not one from before the connection was lost that is handled late.
            if (_awaited != beat)
                return;
            _awaited = null;
            if (_listening)
                return;
            _listening = true;
            _memory.Enable();
            _memoryEntries.Enable();
        }
        Log.Listening(_logger);
    }

    private void Lose()
    {
        lock (_state)
        {
            _awaited = null;
            _memory.Disable();
            _memoryEntries.Disable();
            if (!_listening)
                return;
            _listening = false;
        }
        Log.Lost(_logger);
    }

    private static partial class Log
    {
        [LoggerMessage(221, LogLevel.Information, "Hearing of changed results; this node keeps some in memory.")]
        public static partial void Listening(ILogger logger);

        [LoggerMessage(222, LogLevel.Warning, "No longer hearing of changed results; nothing is kept in memory until it does again.")]
        public static partial void Lost(ILogger logger);
    }
}
