using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Overnight.Core.Runs;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Overnight.Jobs.Providers;

/// <summary>Asks one provider within its budget, and records the outcome in telemetry.</summary>
internal sealed partial class ProviderCall(TimeProvider time, ILogger<ProviderCall> logger)
{
    /// <summary>The answer, or a report of the failure: a provider that is away never ends a run.</summary>
    /// <param name="fetch">Fetches and checks.</param>
    public async Task<(T? Answer, ProviderReport Report)> TryAsync<T>(
        string feed,
        string provider,
        TimeSpan budget,
        Func<CancellationToken, Task<T>> fetch,
        CancellationToken ct
    )
        where T : class
    {
        using var span = Telemetry.StartFetch(feed, provider);
        var begin = time.GetTimestamp();
        T? answer = null;
        ProviderException? fault = null;
        try
        {
            ResiliencePipelineBuilder builder = new() { TimeProvider = time };
            var pipeline = builder.AddTimeout(new TimeoutStrategyOptions { Timeout = budget }).Build();
            answer = await pipeline.ExecuteAsync(async token => await fetch(token), ct);
        }
        catch (ProviderException exception)
        {
            fault = exception;
        }
        catch (TimeoutRejectedException exception)
        {
            fault = new(ProviderFault.Timeout, $"no answer within {exception.Timeout.TotalSeconds:0.###} s");
        }
        catch (BrokenCircuitException exception)
        {
            fault = new(
                ProviderFault.CircuitOpen,
                exception.RetryAfter is { } wait ? $"left alone for {wait.TotalSeconds:F0} s more" : "left alone for now"
            );
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentException)
        {
            // An unforeseen answer counts as malformed, and must not end the run.
            fault = new(ProviderFault.Malformed, $"the answer can't be read ({exception.GetType().Name})");
        }
        var took = time.GetElapsedTime(begin);
        Telemetry.Fetched(feed, provider, fault?.Reason ?? "success", took);
        var tookMs = Math.Round(took.TotalMilliseconds, 1);
        if (fault is null)
            return (answer, new(feed, provider, ProviderOutcome.Used, TookMs: tookMs));

        span?.SetStatus(ActivityStatusCode.Error, fault.Message).SetTag("error.type", fault.Reason);
        Log.Failed(logger, provider, feed, fault.Reason, fault.Detail);
        return (
            null,
            new(
                feed,
                provider,
                ProviderOutcome.Failed,
                fault.Reason,
                fault.Detail,
                0,
                fault.Refusals.Count,
                Some(fault.Refusals),
                TookMs: tookMs
            )
        );
    }

    /// <returns>Null for no time.</returns>
    public static DateTimeOffset? Newest(IEnumerable<DateTimeOffset> times) => times.Max(time => (DateTimeOffset?)time);

    public static IReadOnlyList<Refusal>? Some(IReadOnlyList<Refusal> refusals) =>
        refusals.Count == 0 ? null : [.. refusals.Take(ProviderReport.MostRefusals)];

    private static partial class Log
    {
        [LoggerMessage(
            621,
            LogLevel.Warning,
            "Provider {Provider} delivered no {Feed}: {Reason}, {Detail}. What is next in the order takes its place, last stored values at the end."
        )]
        public static partial void Failed(ILogger logger, string provider, string feed, string reason, string detail);
    }
}
