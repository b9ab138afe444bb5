using Microsoft.Extensions.Logging;

namespace Overnight.Core.Caching;

/// <summary>
/// Receives the messages of <see cref="CacheChannel"/> and passes them to this process's handlers. Their memory is enabled only while
/// this node receives its own beats on the channel, which shows that it receives other messages too; it starts empty each time.
/// </summary>
public sealed partial class ChangeListener : IDisposable
{
    private readonly CacheStore _store;
    private readonly IChangeHandler[] _handlers;
    private readonly IMemory[] _memory;
    private readonly ILogger<ChangeListener> _logger;
    private readonly Lock _state = new();
    private bool _subscribed;
    private bool _listening;
    private Guid? _awaited;

    public ChangeListener(CacheStore store, IEnumerable<IChangeHandler> handlers, ILogger<ChangeListener> logger)
    {
        ArgumentNullException.ThrowIfNull(store);
        (_store, _handlers, _logger) = (store, [.. handlers], logger);
        _memory = [.. _handlers.Select(handler => handler.Memory).OfType<IMemory>()];
        store.ConnectionLost += OnConnectionLost;
    }

    /// <summary>Checks whether the last beat was received, and sends the next.</summary>
    public async Task RunOnceAsync()
    {
        foreach (var handler in _handlers)
            handler.Trim();
        var beat = Guid.NewGuid();
        try
        {
            if (!_subscribed)
            {
                await _store.SubscribeAsync(OnMessage);
                _subscribed = true;
            }
            Await(beat);
            await _store.PublishAsync(CacheChannel.Beat(beat));
        }
        catch (CacheAwayException)
        {
            // The next beat tries again. The circuit logs the reason, once.
            Lose();
        }
    }

    public void Dispose() => _store.ConnectionLost -= OnConnectionLost;

    private void OnMessage(byte[] message)
    {
        if (CacheChannel.TryReadChanged(message, out _, out var first, out var last))
        {
            foreach (var handler in _handlers)
                handler.ResultsChanged(first, last);
        }
        else if (CacheChannel.TryReadKeys(message, out var keys))
        {
            foreach (var handler in _handlers)
                handler.Forget(keys);
        }
        else if (CacheChannel.TryReadRaised(message, out var tenant, out var entities, out var generation))
        {
            foreach (var handler in _handlers)
                handler.GenerationRaised(tenant, entities, generation);
        }
        else if (CacheChannel.TryReadBeat(message, out var beat))
        {
            Hear(beat);
        }
        else
        {
            // The message may be a kind of change that only a newer build knows, so all memory is dropped.
            foreach (var memory in _memory)
                memory.Clear();
        }
    }

    // Messages sent while the connection is lost are not delivered later.
    private void OnConnectionLost(object? sender, EventArgs e) => Lose();

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
            // Ignores beats of other nodes, and one sent before the connection was lost that arrives late.
            if (_awaited != beat)
                return;
            _awaited = null;
            if (_listening)
                return;
            _listening = true;
            foreach (var memory in _memory)
                memory.Enable();
        }
        Log.Listening(_logger);
    }

    private void Lose()
    {
        lock (_state)
        {
            _awaited = null;
            foreach (var memory in _memory)
                memory.Disable();
            if (!_listening)
                return;
            _listening = false;
        }
        Log.Lost(_logger);
    }

    private static partial class Log
    {
        [LoggerMessage(221, LogLevel.Information, "This node receives changes of the cache, so it keeps entries in memory.")]
        public static partial void Listening(ILogger logger);

        [LoggerMessage(
            222,
            LogLevel.Warning,
            "This node no longer receives changes of the cache, so it keeps no entries in memory until it does again."
        )]
        public static partial void Lost(ILogger logger);
    }
}
