using Overnight.Api.Admin;
using Overnight.Api.Audit;
using Overnight.Api.Operations;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Layout;

namespace Overnight.Api.Pages.Operations;

/// <summary>When nights and warms are due, and by when they must be done.</summary>
public sealed record ScheduleViewModel(IReadOnlyList<MarketScheduleRow> Markets, IReadOnlyList<SetScheduleRow> Sets);

/// <param name="Due">The rule for the time at which its nights are due.</param>
/// <param name="Latest">Its latest night against the deadline; null before the first.</param>
/// <param name="NoNext">Why there is no next night, or none by the schedule; null where there is one.</param>
/// <param name="DayNote">Why the next night's day differs from others; null for an ordinary one.</param>
/// <param name="Pause">By whom it is paused, until when, and why; null where it is not.</param>
public sealed record MarketScheduleRow(
    string Path,
    string Name,
    string Code,
    string Due,
    DeadlineCell? Latest,
    MomentViewModel? NextAt,
    string? NoNext,
    string? DayNote,
    MomentViewModel? DeadlineAt,
    TimedText? Pause
);

/// <summary>A night or warm against its deadline.</summary>
/// <param name="Margin">From its forecast or end to the deadline; null without either.</param>
/// <param name="Date">The business date of a night; null of a warm.</param>
/// <param name="RunPath">Where its run is; null where nothing has run.</param>
public sealed record DeadlineCell(string State, string Word, string? Margin, string? Date = null, string? RunPath = null);

/// <param name="Latest">Its latest scheduled warm against the deadline; null before the first.</param>
public sealed record SetScheduleRow(
    string Path,
    string Name,
    DeadlineCell? Latest,
    MomentViewModel? WarmedAt,
    MomentViewModel? NextAt,
    string NoNext,
    MomentViewModel? DeadlineAt,
    TimedText? Pause
);

/// <summary>The form that pauses a schedule, and the one that resumes it.</summary>
/// <param name="Note">What a pause leads to; null where it needs no words.</param>
/// <param name="Pause">By whom it is paused, until when, and why; null where it is not.</param>
/// <param name="Reason">What the form has as the reason.</param>
/// <param name="Until">What the form has as the end, in UTC.</param>
/// <param name="Errors">Of the form, by field.</param>
public sealed record PauseViewModel(
    string Path,
    string Title,
    string? Note,
    TimedText? Pause,
    string Reason,
    string Until,
    IDictionary<string, string[]> Errors,
    string? Done
);

/// <summary>Makes the content of the page of schedules.</summary>
internal sealed class ScheduleViewModelBuilder(OperationsFormats formats)
{
    public ScheduleViewModel Of(ScheduleAnswer answer) => new([.. answer.Markets.Select(Row)], [.. answer.Sets.Select(Row)]);

    private MarketScheduleRow Row(MarketSchedule market)
    {
        var next = MarketLanes.NextStart(market) is null ? null : market.Next;
        return new(
            OperationsPaths.ScheduleOf("markets", market.Market),
            market.Name,
            market.Market,
            market.Due,
            market.Latest is { } latest ? Cell(latest) : null,
            formats.Moment(next?.DueAt),
            next is not null ? null
                : !market.HasUsers ? "none, for it has no users"
                : market.Next is null ? "none within a year"
                : "none while it is paused",
            next?.Reason,
            formats.Moment(next?.DeadlineAt),
            market.Pause is { } pause ? formats.Sentence(pause) : null
        );
    }

    private SetScheduleRow Row(SetSchedule set)
    {
        var starts = set.Starts();
        return new(
            OperationsPaths.ScheduleOf("sets", set.Set),
            set.Set,
            set.Latest is { } latest ? Cell(latest) : null,
            formats.Moment(set.WarmedAt),
            formats.Moment(starts),
            set.Pause is not null ? "none while it is paused" : "none by the schedule",
            // The deadline is counted from when it was due, which a pause puts off.
            starts is null
            || starts != set.NextAt
                ? null
                : formats.Moment(set.DeadlineAt),
            set.Pause is { } pause ? formats.Sentence(pause) : null
        );
    }

    private DeadlineCell Cell(LatestNight latest) =>
        new(
            StateOf(latest.Night.State, latest.Night.FinishedAt is not null),
            OperationsFormats.DeadlineWord(latest.Night.State),
            formats.Margin(latest.Night),
            formats.Date(latest.BusinessDate),
            latest.RunId is { } run ? OperationsPaths.Run(run) : null
        );

    private DeadlineCell Cell(DeadlineItem latest) =>
        new(StateOf(latest.State, latest.FinishedAt is not null), OperationsFormats.DeadlineWord(latest.State), formats.Margin(latest));

    private static string StateOf(string state, bool isFinished) =>
        state switch
        {
            "on-time" => isFinished ? "fresh" : "running",
            "late" when isFinished => "provisional",
            "at-risk" => "provisional",
            _ => "wrong",
        };
}
