using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overnight.Core.Data;
using Overnight.Core.Results;
using Overnight.Jobs.Pipeline;

namespace Overnight.Jobs.Proof;

/// <summary>Compares some cached results with the stored ones every minute.</summary>
internal sealed partial class CacheTruthLoop(CacheTruth truth, DatabaseState database, TimeProvider time, ILogger<CacheTruthLoop> logger)
    : PeriodicLoop(Interval, time)
{
    internal static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Users named in the log at a time.</summary>
    private const int Named = 3;

    protected internal override async Task TickAsync(CancellationToken ct)
    {
        try
        {
            var (compared, differing, users) = await truth.SampleAsync(ct);
            Telemetry.Compared(compared, differing);
            if (differing > 0)
                Log.Differs(logger, differing, string.Join(", ", users.Take(Named).Select(RunLog.Masked)));
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // The next tick tries again; nothing depends on this work.
            if (!database.IsAway(exception))
                Log.Failed(logger, Interval, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            691,
            LogLevel.Error,
            "Cached results that differ from the stored ones: {Count}, of users {Users}. jobs doctor --audit names all; jobs warm recommendations writes them anew."
        )]
        public static partial void Differs(ILogger logger, int count, string users);

        [LoggerMessage(692, LogLevel.Error, "Cached results could not be compared; the next try is in {Interval}.")]
        public static partial void Failed(ILogger logger, TimeSpan interval, Exception exception);
    }
}

internal static class CacheTruthSetup
{
    public static void AddCacheTruthLoop(this IHostApplicationBuilder builder) =>
        builder.Services.AddSingleton<CacheTruth>().AddHostedService<CacheTruthLoop>();
}
