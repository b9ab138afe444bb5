using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Notices;
using Overnight.Core.Runs;
using Overnight.Core.Schedules;
using Overnight.Core.Warming;

namespace Overnight.Jobs.Scheduling;

/// <summary>What is paused now, and the latest night of each market and warm of each set, from the database.</summary>
internal sealed record ScheduleState(
    IReadOnlyList<SchedulePause> Pauses,
    IReadOnlyDictionary<string, Night> Nights,
    IReadOnlyList<ScheduledWarm> Warms
)
{
    public static ScheduleState None { get; } = new([], new Dictionary<string, Night>(), []);

    public static async Task<ScheduleState> ReadAsync(NpgsqlDataSource database, TimeProvider time, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        // Nothing is written, so nobody is told anything.
        NoticeOutbox outbox = new(Options.Create(new WebhookOptions()));
        return new(
            [.. (await new SchedulePauses(database, time).ListAsync(now, ct)).Where(pause => pause.Covers(now))],
            await new NightStore(database, outbox).ReadLatestAsync(ct),
            await new WarmDeadlines(database, outbox).ReadLatestAsync(ct)
        );
    }

    public SchedulePause? Pause(ScheduleKind kind, string name) => Pauses.FirstOrDefault(pause => pause.Kind == kind && pause.Name == name);
}
