using Microsoft.Extensions.Options;
using Overnight.Core.Data;
using Overnight.Core.Flags;

namespace Overnight.Api.Flags;

/// <summary>Adds the accesses counted in memory to the table.</summary>
internal sealed class FlagUsageLoop(
    FlagUsageCounter usage,
    IOptions<FlagOptions> options,
    DatabaseState database,
    TimeProvider time,
    ILogger<FlagUsageLoop> logger
) : PeriodicFlushLoop("Accesses of flags", options.Value.FlushInterval, database, time, logger)
{
    protected override Task WriteAsync(CancellationToken ct) => usage.FlushAsync(ct);
}
