using Overnight.Core.Data;

namespace Overnight.Api.Flags;

/// <summary>Reads the copy of the last known flags before the node answers, and keeps it up to date.</summary>
internal sealed class OutageCopyLoop(OutageCopy copy, DatabaseState database, TimeProvider time, ILogger<OutageCopyLoop> logger)
    : PeriodicFlushLoop("Copies of flags on disk", OutageCopy.Interval, database, time, logger)
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await copy.ReadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override Task WriteAsync(CancellationToken ct) => copy.WriteAsync(ct);
}
