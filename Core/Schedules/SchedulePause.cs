using Overnight.Core.Deadlines;

namespace Overnight.Core.Schedules;

/// <summary>Whose schedule it is.</summary>
public enum ScheduleKind
{
    Market,
    Set,
}

/// <summary>Names of kinds in the database and in the action log.</summary>
public static class ScheduleKinds
{
    public static string Name(this ScheduleKind kind) => kind == ScheduleKind.Market ? "market" : "set";
}

/// <summary>A time for which a schedule is, or was, paused.</summary>
/// <param name="Name">Code of the market, or name of the warm set.</param>
/// <param name="Actor">In which capacity somebody paused it: admin, admin-key or command.</param>
/// <param name="Until">When it ends by itself; null for not before somebody resumes it.</param>
/// <param name="EndedAt">When somebody ended it; null while nobody has.</param>
public sealed record SchedulePause(
    ScheduleKind Kind,
    string Name,
    string Reason,
    string Actor,
    DateTimeOffset PausedAt,
    DateTimeOffset? Until,
    DateTimeOffset? EndedAt
)
{
    public const int MostReason = 500;

    /// <summary>When the schedule went, or goes, on; null when that is open.</summary>
    public DateTimeOffset? End => EndedAt ?? Until;

    public bool Covers(DateTimeOffset moment) => PausedAt <= moment && (End is not { } end || moment < end);

    /// <summary>For people: why, until when, and by whom.</summary>
    public string Describe() =>
        $"paused since {PausedAt.UtcDateTime:yyyy-MM-dd HH:mm}Z {(Until is { } until ? $"until {until.UtcDateTime:yyyy-MM-dd HH:mm}Z" : "until it is resumed")} ({Actor}): {Reason}";

    /// <returns>What is wrong with a reason; null when nothing is.</returns>
    public static string? WrongReason(string? reason) =>
        string.IsNullOrWhiteSpace(reason) ? "must say why, for whoever wonders"
        : reason.Length > MostReason ? $"must be at most {MostReason} characters, and has {reason.Length}"
        : reason.Any(char.IsControl) ? "must have no control characters"
        : null;
}

/// <summary>The pauses of a period.</summary>
public sealed class PauseHistory(IReadOnlyList<SchedulePause> pauses)
{
    public static PauseHistory None { get; } = new([]);

    /// <summary>The pause that covers a moment; null when the schedule is not paused then.</summary>
    public SchedulePause? At(ScheduleKind kind, string name, DateTimeOffset moment)
    {
        foreach (var pause in pauses)
        {
            if (pause.Kind == kind && pause.Name == name && pause.Covers(moment))
                return pause;
        }
        return null;
    }

    /// <summary>
    /// When something that was due at a moment, and has not begun, may begin: then, or at the end of the pause that covers it or came
    /// before it would have been missed. Null while it is still paused.
    /// </summary>
    public DateTimeOffset? Begins(ScheduleKind kind, string name, DateTimeOffset due, DateTimeOffset now)
    {
        var begins = due;
        // Changing a pause ends it and adds another, so the next one may cover the end of this one.
        while (Next(kind, name, begins) is { } pause)
        {
            if (pause.End is not { } end || end > now)
                return null;
            begins = end;
        }
        return begins;
    }

    /// <summary>
    /// Whether a pause came before something that was due, and has not begun, was missed: it has no deadline then, and may get another
    /// one when the pause ends.
    /// </summary>
    public bool IsWithdrawn(ScheduleKind kind, string name, DeadlineTimes times, DeadlineStatus status, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(status);
        return status.State == DeadlineState.OnTime && Begins(kind, name, times.DueAt, now) != times.DueAt;
    }

    private SchedulePause? Next(ScheduleKind kind, string name, DateTimeOffset due)
    {
        foreach (var pause in pauses)
        {
            if (
                pause.Kind == kind
                && pause.Name == name
                && pause.PausedAt < due + DeadlineRules.BeginsWithin
                && (pause.End is not { } end || end > due)
            )
                return pause;
        }
        return null;
    }
}
