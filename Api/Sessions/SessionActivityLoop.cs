using Overnight.Core.Data;

namespace Overnight.Api.Sessions;

/// <summary>Writes the last uses of sessions to PostgreSQL, by which sessions are warmed newest first.</summary>
internal sealed class SessionActivityLoop(
    SessionActivityWriter activity,
    DatabaseState database,
    TimeProvider time,
    ILogger<SessionActivityLoop> logger
) : PeriodicFlushLoop("Last uses of sessions", activity.Interval, database, time, logger)
{
    protected override Task WriteAsync(CancellationToken ct) => activity.WriteAsync(ct);
}
