using System.Collections.Concurrent;

namespace Overnight.Core.Caching;

/// <summary>
/// One load per key, however many ask. A caller's cancellation ends that caller's wait and never the load, which others
/// may wait for; a load that fails fails for all who shared it, and the next caller starts anew.
/// </summary>
/// <param name="shared">How long a finished load goes on answering, so that those who missed just before it ended share it too.</param>
/// <param name="time">The clock.</param>
public sealed class SingleFlight<TKey, TValue>(TimeSpan shared, TimeProvider time)
    where TKey : notnull
{
    private const long Running = long.MaxValue;

    private readonly ConcurrentDictionary<TKey, Flight> _flights = new();
    private readonly ConcurrentQueue<(TKey Key, Flight Flight)> _landed = new();
    private readonly long _sharedTicks = (long)(shared.TotalSeconds * time.TimestampFrequency);

    /// <summary>Loads that are running or still shared.</summary>
    public int Count => _flights.Count;

    public Task<TValue> RunAsync<TState>(TKey key, TState state, Func<TKey, TState, Task<TValue>> load, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(load);
        Prune();
        while (true)
        {
            if (_flights.TryGetValue(key, out var flight))
            {
                if (!IsOver(flight))
                    return flight.Result.Task.WaitAsync(ct);
                _flights.TryRemove(new(key, flight));
            }

            Flight own = new();
            if (!_flights.TryAdd(key, own))
                continue;
            // Not awaited: it belongs to everyone who waits for its result.
            _ = FlyAsync(key, state, load, own);
            return own.Result.Task.WaitAsync(ct);
        }
    }

    /// <summary>Lets the next caller start a load of its own; those who wait keep theirs.</summary>
    public void Forget(TKey key) => _flights.TryRemove(key, out _);

    /// <inheritdoc cref="Forget"/>
    public void ForgetWhere(Func<TKey, bool> matches)
    {
        ArgumentNullException.ThrowIfNull(matches);
        foreach (var (key, flight) in _flights)
        {
            if (matches(key))
                _flights.TryRemove(new(key, flight));
        }
    }

    /// <summary>Drops what is no longer shared. Done on each load too; without loads, somebody has to.</summary>
    public void Prune()
    {
        while (_landed.TryPeek(out var oldest) && IsOver(oldest.Flight))
        {
            if (_landed.TryDequeue(out var landed))
                Land(landed);
        }

        void Land((TKey Key, Flight Flight) landed)
        {
            if (IsOver(landed.Flight))
                _flights.TryRemove(new(landed.Key, landed.Flight));
            else
                _landed.Enqueue(landed); // another thread took the oldest between peek and dequeue
        }
    }

    private async Task FlyAsync<TState>(TKey key, TState state, Func<TKey, TState, Task<TValue>> load, Flight flight)
    {
        try
        {
            var value = await load(key, state);
            Volatile.Write(ref flight.SharedUntil, time.GetTimestamp() + _sharedTicks);
            if (_sharedTicks == 0)
                _flights.TryRemove(new(key, flight));
            else
                _landed.Enqueue((key, flight));
            flight.Result.SetResult(value);
        }
        catch (Exception ex)
        {
            // Whatever it was belongs to those who wait, and must not be met by the next.
            _flights.TryRemove(new(key, flight));
            flight.Result.SetException(ex);
            _ = flight.Result.Task.Exception;
        }
    }

    private bool IsOver(Flight flight)
    {
        var until = Volatile.Read(ref flight.SharedUntil);
        return until != Running && time.GetTimestamp() >= until;
    }

    private sealed class Flight
    {
        // Continuations run elsewhere, or a thousand callers would be resumed one after the other on the loading thread.
        public readonly TaskCompletionSource<TValue> Result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public long SharedUntil = Running;
    }
}
