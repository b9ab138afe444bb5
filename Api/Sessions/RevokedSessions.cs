using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <param name="Sessions">Sessions that this request ended; those that had ended before are not counted.</param>
/// <param name="HeldFrom">Time from which every node refuses them.</param>
internal sealed record RevokedSessions(int Sessions, DateTimeOffset HeldFrom)
{
    public static RevokedSessions From(EndedSessions ended) => new(ended.Ended, ended.HeldFrom);
}
