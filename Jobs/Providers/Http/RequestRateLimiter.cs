using Polly;

namespace Overnight.Jobs.Providers.Http;

/// <summary>
/// Limits the requests to a provider in any window; the next request waits. The limiters of System.Threading.RateLimiting use a clock
/// of their own, which tests can't set.
/// </summary>
internal sealed class RequestRateLimiter(int requests, TimeSpan window, TimeProvider time) : ResilienceStrategy
{
    private readonly Lock _lock = new();
    private readonly Queue<DateTimeOffset> _starts = new(requests);

    protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback,
        ResilienceContext context,
        TState state
    )
    {
        try
        {
            if (Reserve() is { Ticks: > 0 } wait)
                await Task.Delay(wait, time, context.CancellationToken);
        }
        catch (OperationCanceledException exception)
        {
            // A strategy returns an exception as an outcome.
            return Outcome.FromException<TResult>(exception);
        }
        return await callback(context, state);
    }

    /// <returns>How long to wait before the request that is now reserved may start.</returns>
    private TimeSpan Reserve()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var start = now;
            if (_starts.Count == requests && _starts.Dequeue() + window is var free && free > now)
                start = free;
            _starts.Enqueue(start);
            return start - now;
        }
    }
}

internal sealed class RequestRateLimiterOptions : ResilienceStrategyOptions;
