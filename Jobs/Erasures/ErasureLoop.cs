using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Results;
using Overnight.Jobs.Pipeline;

namespace Overnight.Jobs.Erasures;

/// <summary>Carries out erasures that users asked for, and goes on with those that broke off, such as for lack of a cache.</summary>
internal sealed partial class ErasureLoop(UserErasure erasures, DatabaseState database, TimeProvider time, ILogger<ErasureLoop> logger)
    : PeriodicLoop(Interval, time)
{
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>Longest pause between two tries of an erasure that waits; each doubles the pause.</summary>
    internal static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Dictionary<Guid, (DateTimeOffset NextAt, TimeSpan Pause)> _waiting = [];

    protected internal override async Task TickAsync(CancellationToken ct)
    {
        try
        {
            var open = await erasures.FindOpenAsync(ct);
            foreach (var done in _waiting.Keys.Except(open).ToList())
                _waiting.Remove(done);
            foreach (var erasure in open)
            {
                if (!_waiting.TryGetValue(erasure, out var waiting) || waiting.NextAt <= Time.GetUtcNow())
                    await TryAsync(erasure, ct);
            }
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // The next tick tries again; each step can be repeated.
            if (!database.IsAway(exception))
                Log.NotListed(logger, Interval, exception);
        }
    }

    /// <summary>One erasure that fails holds up no other.</summary>
    private async Task TryAsync(Guid erasure, CancellationToken ct)
    {
        // That it waits is logged once.
        var isFirst = !_waiting.TryGetValue(erasure, out var last);
        var pause = isFirst ? Interval : TimeSpan.FromTicks(Math.Min(2 * last.Pause.Ticks, LongestPause.Ticks));
        try
        {
            var receipt = await erasures.GoOnAsync(erasure, ct);
            if (receipt is { CompletedAt: not null, Seal: var seal })
            {
                Log.Completed(logger, erasure, seal);
                return;
            }
            if (isFirst)
                Log.Waits(logger, erasure, UserErasure.Words(receipt?.WaitsFor), LongestPause);
        }
        catch (Exception exception) when (!ct.IsCancellationRequested && !database.IsAway(exception))
        {
            Log.Failed(logger, erasure, pause, exception);
        }
        _waiting[erasure] = (Time.GetUtcNow() + pause, pause);
    }

    private static partial class Log
    {
        [LoggerMessage(695, LogLevel.Information, "Erasure {Erasure} is completed; it is seal {Seal} of the chain.")]
        public static partial void Completed(ILogger logger, Guid erasure, long? seal);

        [LoggerMessage(
            696,
            LogLevel.Warning,
            "Erasure {Erasure} waits for {What}; it is tried again, at pauses that grow to {LongestPause}."
        )]
        public static partial void Waits(ILogger logger, Guid erasure, string what, TimeSpan longestPause);

        [LoggerMessage(697, LogLevel.Error, "Erasure {Erasure} could not be continued; the next try is in {Interval}.")]
        public static partial void Failed(ILogger logger, Guid erasure, TimeSpan interval, Exception exception);

        [LoggerMessage(698, LogLevel.Error, "Open erasures could not be listed; the next try is in {Interval}.")]
        public static partial void NotListed(ILogger logger, TimeSpan interval, Exception exception);
    }
}

internal static class ErasureSetup
{
    /// <summary>The services of the command.</summary>
    public static void AddErasure(this IHostApplicationBuilder builder)
    {
        builder.AddFaults();
        builder
            .Services.AddCaching()
            .AddSingleton(services => new UserErasure(
                services.GetRequiredService<NpgsqlDataSource>(),
                services.GetRequiredService<CacheInvalidation>(),
                new ResultInvalidation(services.GetRequiredService<NpgsqlDataSource>(), services.GetRequiredService<CacheStore>()),
                services.GetRequiredService<CacheCircuit>(),
                services.GetRequiredService<TimeProvider>(),
                services.GetRequiredService<FaultInjection>().At
            ));
    }

    /// <summary>The services of the loop.</summary>
    public static void AddErasureLoop(this IHostApplicationBuilder builder)
    {
        builder.AddErasure();
        builder.Services.AddHostedService<ErasureLoop>();
    }
}
