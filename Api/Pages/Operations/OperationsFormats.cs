using System.Globalization;
using Overnight.Api.Admin;
using Overnight.Api.Audit;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Layout;

namespace Overnight.Api.Pages.Operations;

/// <summary>Writes counts, durations and states for the operations pages.</summary>
internal sealed class OperationsFormats(DisplayFormats formats)
{
    private const double Second = 1_000,
        Minute = 60 * Second,
        Hour = 60 * Minute,
        Day = 24 * Hour;

    public string Count(long count) => formats.Number(count, 0);

    public MomentViewModel Moment(DateTimeOffset moment) => MomentViewModel.Of(moment, formats);

    public MomentViewModel? Moment(DateTimeOffset? moment) => moment is { } at ? Moment(at) : null;

    /// <summary>Of when data is, where midnight means the whole day.</summary>
    public MomentViewModel? AsOf(DateTimeOffset? moment) => moment is { } at ? MomentViewModel.AsOf(at, formats) : null;

    public string Date(DateOnly date) => formats.Date(new(date, TimeOnly.MinValue, TimeSpan.Zero));

    /// <param name="share">0 to 1; null where there is none.</param>
    public string Percent(double? share) => share is { } given ? formats.Percent((decimal)(100 * given)) : "none";

    public string Number(double value, int decimals) => formats.Number((decimal)value, decimals);

    /// <param name="sentence">Of a command or of the API.</param>
    public TimedText Sentence(string sentence) => TimedText.Of(sentence, formats);

    /// <param name="advice">Of a command or of the API, with commands to be typed.</param>
    public TimedText Advice(string advice) => TimedText.Of(advice, formats, hasDates: false);

    /// <summary>By whom a schedule is paused, until when, and why.</summary>
    /// <param name="before">Words that it begins with.</param>
    public TimedText Sentence(PauseItem pause, string before = "")
    {
        var by = pause.By switch
        {
            "admin" => "an administrator",
            "admin-key" => "the admin key",
            _ => $"a {pause.By}",
        };
        return pause.Until is { } until
            ? new TimedText([($"{before}by {by}, until ", Moment(until)), ($": {pause.Reason}", null)])
            : $"{before}by {by}, until it is resumed: {pause.Reason}";
    }

    /// <param name="ms">Milliseconds.</param>
    public string Duration(double ms) =>
        ms switch
        {
            < 10 => $"{formats.Number((decimal)Math.Max(0, ms), 1)}\u00A0ms",
            < Second => $"{formats.Number((decimal)ms, 0)}\u00A0ms",
            < Minute => $"{formats.Number((decimal)(ms / Second), 1)}\u00A0s",
            < Hour => $"{Whole(ms / Minute)}\u00A0min{Rest(ms % Minute / Second, "s")}",
            < Day => $"{Whole(ms / Hour)}\u00A0h{Rest(ms % Hour / Minute, "min")}",
            _ => $"{Whole(ms / Day)}\u00A0d{Rest(ms % Day / Hour, "h")}",
        };

    public string Duration(TimeSpan time) => Duration(time.TotalMilliseconds);

    /// <param name="margin">To the deadline; negative after it.</param>
    public string Margin(TimeSpan margin) =>
        margin >= TimeSpan.Zero ? $"{Duration(margin)} before the deadline" : $"{Duration(-margin)} after the deadline";

    /// <summary>A night or warm against its deadline: <c>late, 12 min after the deadline</c>.</summary>
    public string Deadline(DeadlineItem work) =>
        Margin(work) is { } margin ? $"{DeadlineWord(work.State)}, {margin}" : DeadlineWord(work.State);

    /// <returns>From its forecast or end to its deadline; null without either.</returns>
    public string? Margin(DeadlineItem work) => work.MarginMs is { } margin ? Margin(TimeSpan.FromMilliseconds(margin)) : null;

    /// <summary>A state against a deadline in words.</summary>
    public static string DeadlineWord(string state) => state.Replace('-', ' ');

    /// <summary>The icon and the word for the status of a run or a warm.</summary>
    public static (string State, string Word) Status(string status) =>
        status switch
        {
            "started" => ("running", "running"),
            "completed" => ("fresh", "completed"),
            "partial" => ("provisional", "partial"),
            _ => ("wrong", status),
        };

    /// <summary>A place in a picture in percent, with a decimal point.</summary>
    public static string Place(double percent) => Math.Round(percent, 2).ToString(CultureInfo.InvariantCulture);

    private static string Whole(double value) => Math.Floor(value).ToString(CultureInfo.InvariantCulture);

    private static string Rest(double value, string unit) => Math.Floor(value) > 0 ? $" {Whole(value)}\u00A0{unit}" : "";
}
