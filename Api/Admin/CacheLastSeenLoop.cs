using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Api.Admin;

/// <summary>Remembers in PostgreSQL that there is a cache, from the start on and while this node has a connection to one.</summary>
internal sealed class CacheLastSeenLoop(CacheLastSeen cache, DatabaseState database, TimeProvider time, ILogger<CacheLastSeenLoop> logger)
    : PeriodicFlushLoop("Notes that there is a cache", TimeSpan.FromSeconds(30), database, time, logger)
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await TickAsync(stoppingToken);
        await base.ExecuteAsync(stoppingToken);
    }

    protected override Task WriteAsync(CancellationToken ct) => cache.NoteAsync(ct);
}
