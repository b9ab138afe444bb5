using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Admin;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Schedules;

namespace Overnight.Api.Pages.Operations;

/// <summary>Pages of schedules: all of them with their deadlines, and one with the forms that pause and resume it.</summary>
internal static class SchedulePageRoutes
{
    private const string Market = $"{OperationsPaths.Schedule}/markets/{{name}}",
        Set = $"{OperationsPaths.Schedule}/sets/{{name}}";

    public static void MapSchedulePages(this RouteGroupBuilder pages, RouteGroupBuilder forms)
    {
        pages.MapGet(OperationsPaths.Schedule, ListAsync);
        foreach (var (path, kind) in ((string, ScheduleKind)[])[(Market, ScheduleKind.Market), (Set, ScheduleKind.Set)])
        {
            pages.MapGet(path, (string name, string? done, HttpContext context, SchedulePauseForms form, CancellationToken ct) =>
                form.ShowAsync(kind, name, done, context, ct)
            );
            forms.MapPost($"{path}/pause", (string name, HttpContext context, SchedulePauseForms form, CancellationToken ct) =>
                form.PauseAsync(kind, name, context, ct)
            );
            forms.MapPost($"{path}/resume", (string name, HttpContext context, ScheduleChanges changes, CancellationToken ct) =>
                ResumeAsync(kind, name, context, changes, ct)
            );
        }
    }

    private static async Task<PageResult<SchedulePage>> ListAsync(
        HttpContext context,
        ScheduleReader schedule,
        OvernightContext database,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    ) =>
        new(frames.Of(context), new ScheduleViewModelBuilder(new(cultures.Of(context.Request))).Of(await schedule.ReadAsync(database, ct)));

    private static async Task<IResult> ResumeAsync(
        ScheduleKind kind,
        string name,
        HttpContext context,
        ScheduleChanges changes,
        CancellationToken ct
    )
    {
        var answer = await changes.ResumeAsync(kind, name, SessionPrincipal.ActorOf(context), ct);
        return answer.Result is Ok<ResumeAnswer> { Value: { } resumed }
            ? FormRoutes.GoTo(Outcomes.Of(SchedulePauseForms.PathOf(kind, name), resumed.WasPaused ? "resumed" : "not-paused"))
            : answer;
    }
}

/// <summary>The page of one schedule with the form that pauses it.</summary>
internal sealed class SchedulePauseForms(
    ScheduleChanges changes,
    SchedulePauses pauses,
    MarketCatalog markets,
    PageFrames frames,
    DisplayCultures cultures,
    TimeProvider time
)
{
    /// <summary>As a field for a date and a time sends it; it has no zone, and the page says that it is in UTC.</summary>
    private const string FieldForm = "yyyy-MM-dd'T'HH:mm";

    public static string PathOf(ScheduleKind kind, string name) =>
        OperationsPaths.ScheduleOf(kind == ScheduleKind.Market ? "markets" : "sets", name);

    public async Task<IResult> ShowAsync(ScheduleKind kind, string name, string? done, HttpContext context, CancellationToken ct)
    {
        var (note, missing) = changes.Find(kind, name);
        if (missing is not null)
            return missing;
        var pause = await FindAsync(kind, name, ct);
        var until = pause?.Until?.UtcDateTime.ToString(FieldForm, CultureInfo.InvariantCulture) ?? "";
        return Page(
            context,
            kind,
            name,
            note,
            pause,
            pause?.Reason ?? "",
            until,
            new Dictionary<string, string[]>(StringComparer.Ordinal),
            done
        );
    }

    public async Task<IResult> PauseAsync(ScheduleKind kind, string name, HttpContext context, CancellationToken ct)
    {
        var form = await context.Request.ReadFormAsync(ct);
        var (reason, until) = ($"{form["reason"]}", $"{form["until"]}".Trim());
        var isField = DateTime.TryParseExact(until, FieldForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
        using var body = FormJsonBody.Of(
            ("reason", FormJsonBody.Text(reason)),
            ("until", FormJsonBody.Text(isField ? $"{until}Z" : until))
        );
        var answer = await changes.PauseAsync(kind, name, body, SessionPrincipal.ActorOf(context), ct);
        return answer.Result switch
        {
            Ok<PauseAnswer> => FormRoutes.GoTo(Outcomes.Of(PathOf(kind, name), "paused")),
            ValidationProblem refused => Page(
                context,
                kind,
                name,
                changes.Find(kind, name).Note,
                await FindAsync(kind, name, ct),
                reason,
                DisplayText.Short(until),
                refused.ProblemDetails.Errors,
                null
            ),
            _ => answer,
        };
    }

    private async Task<PauseItem?> FindAsync(ScheduleKind kind, string name, CancellationToken ct) =>
        PauseItem.From((await pauses.ReadAsync(ct)).At(kind, name, time.GetUtcNow()));

    private PageResult<PausePage> Page(
        HttpContext context,
        ScheduleKind kind,
        string name,
        string? note,
        PauseItem? pause,
        string reason,
        string until,
        IDictionary<string, string[]> errors,
        string? done
    )
    {
        OperationsFormats formats = new(cultures.Of(context.Request));
        PauseViewModel view = new(
            PathOf(kind, name),
            kind == ScheduleKind.Market ? markets.Get(name).Name : name,
            note ?? "Nights that are due meanwhile are not started, and not missed. What is started by hand goes on.",
            pause is null ? null : formats.Sentence(pause),
            reason,
            until,
            errors,
            done
        );
        return new(frames.Of(context), view, errors.Count > 0 ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK);
    }
}
