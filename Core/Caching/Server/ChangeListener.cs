using Microsoft.Extensions.Logging;

namespace Overnight.Core.Caching;

/// <summary>
/// Hears <see cref="CacheChannel"/> and tells this process's handlers. Their memory is in use only while this node hears its own
/// beats on the channel, which is the proof that it hears the others; it starts empty each time that proof comes anew.
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

    /// <summary>Judges whether the last beat was heard, and sends the next.</summary>
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
            // No channel now; the next beat tries again. A reader's circuit says why in the log, once.
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
            // Another build's word for a change, perhaps.
            foreach (var memory in _memory)
                memory.Clear();
        }
    }

    // Messages may have been missed from here on.
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
            // Not another node's, and not one from before the connection was lost that is handled late.
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
        [LoggerMessage(221, LogLevel.Information, "Hearing of changes in the cache; this node keeps some of it in memory.")]
        public static partial void Listening(ILogger logger);

        [LoggerMessage(222, LogLevel.Warning, "No longer hearing of changes in the cache; nothing is kept in memory until it does again.")]
        public static partial void Lost(ILogger logger);
    }
}
