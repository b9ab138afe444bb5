using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Overnight.Jobs.Providers.Http;

/// <summary>The resilience pipeline of a provider, from the outside in: retry, circuit breaker, rate limit, timeout.</summary>
internal static partial class ProviderPipeline
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static ResiliencePipeline Create(string provider, EndpointOptions options, TimeProvider time, ILogger logger)
    {
        ResiliencePipelineBuilder builder = new() { Name = provider, TimeProvider = time };
        if (options.Attempts > 1)
            builder.AddRetry(Retry(options));
        return builder
            .AddCircuitBreaker(Breaker(provider, options, logger))
            .AddStrategy(_ => new RequestRateLimiter(options.RequestsPerMinute, Minute, time), new RequestRateLimiterOptions())
            .AddTimeout(new TimeoutStrategyOptions { Timeout = options.Timeout })
            .Build();
    }

    private static RetryStrategyOptions Retry(EndpointOptions options) =>
        new()
        {
            MaxRetryAttempts = options.Attempts - 1,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.RetryDelay,
            MaxDelay = options.MaxRetryDelay,
            // Null is the usual backoff. A server that says when to come back (Retry-After) is not asked earlier, and not at all
            // when that is longer than MaxRetryDelay.
            DelayGenerator = arguments => new((arguments.Outcome.Exception as ProviderException)?.RetryAfter),
            ShouldHandle = new PredicateBuilder()
                .Handle<ProviderException>(exception =>
                    exception.IsTransient && (exception.RetryAfter ?? TimeSpan.Zero) <= options.MaxRetryDelay
                )
                .Handle<TimeoutRejectedException>(),
        };

    private static CircuitBreakerStrategyOptions Breaker(string provider, EndpointOptions options, ILogger logger)
    {
        // The circuit opens again after each failed attempt; only the first opening is logged.
        var isOpen = 0;
        return new()
        {
            FailureRatio = 0.5,
            MinimumThroughput = options.BreakAfter,
            SamplingDuration = options.BreakWindow,
            BreakDuration = options.BreakDuration,
            // A used-up budget is not a failure of the provider, so it does not open the circuit.
            ShouldHandle = new PredicateBuilder()
                .Handle<ProviderException>(exception => exception.Reason != ProviderFault.BudgetUsed)
                .Handle<TimeoutRejectedException>(),
            OnOpened = arguments =>
            {
                if (Interlocked.Exchange(ref isOpen, 1) == 0)
                    Log.CircuitOpened(logger, provider, arguments.BreakDuration.TotalSeconds);
                return default;
            },
            OnClosed = _ =>
            {
                Volatile.Write(ref isOpen, 0);
                Log.CircuitClosed(logger, provider);
                return default;
            },
        };
    }

    private static partial class Log
    {
        [LoggerMessage(
            631,
            LogLevel.Warning,
            "Provider {Provider} fails: its circuit is open, and it is left alone for {Seconds} s at a time."
        )]
        public static partial void CircuitOpened(ILogger logger, string provider, double seconds);

        [LoggerMessage(632, LogLevel.Information, "Provider {Provider} answers again: its circuit is closed.")]
        public static partial void CircuitClosed(ILogger logger, string provider);
    }
}
