using System.Text.Json.Nodes;
using Overnight.Api.Admin;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Problems;

namespace Overnight.Api.Pages.Operations;

/// <param name="Off">Which sets are off, and why; null when none is.</param>
/// <param name="Count">What the form has as the most entries.</param>
/// <param name="Error">What was wrong with the form that was sent; null at first.</param>
public sealed record WarmingViewModel(IReadOnlyList<WarmSetRow> Rows, string? Off, string Count, string? Error, string? Done);

/// <param name="Detail">Keys, TTL and phase.</param>
/// <param name="NoNext">Why there is no next warm.</param>
/// <param name="Pause">By whom its schedule is paused, until when, and why; null when it is not.</param>
public sealed record WarmSetRow(
    string Name,
    string Detail,
    string State,
    TimedText Word,
    string? Trigger,
    string? LastPath,
    string Warmed,
    string Failed,
    MomentViewModel? StartedAt,
    MomentViewModel? Next,
    string NoNext,
    TimedText? Pause,
    bool IsChosen
);

/// <summary>The page of the warm sets and the form that warms them.</summary>
internal static class WarmingPageRoutes
{
    /// <summary>How long a form waits for the end of the warm that it began.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static void MapWarmingPages(this RouteGroupBuilder pages, RouteGroupBuilder forms)
    {
        pages.MapGet(OperationsPaths.Warming, GetAsync);
        forms.MapPost(OperationsPaths.Warming, WarmAsync);
    }

    private static Task<PageResult<WarmingPage>> GetAsync(
        string? done,
        HttpContext context,
        WarmSetList sets,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    ) => PageAsync(context, sets, frames, cultures, [], "", null, done, StatusCodes.Status200OK, ct);

    private static async Task<IResult> WarmAsync(
        HttpContext context,
        CacheWarmStarter start,
        WarmSetList sets,
        PageFrames frames,
        DisplayCultures cultures,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var form = await context.Request.ReadFormAsync(ct);
        var chosen = form["set"].OfType<string>().ToList();
        using var body = FormJsonBody.Of(
            ("sets", chosen.Count == 0 ? null : new JsonArray([.. chosen.Select(name => (JsonNode)name)])),
            ("count", FormJsonBody.Number(form["count"]))
        );
        var (refused, warm) = await start.BeginAsync(body, context, ct);
        if (warm is null)
        {
            return await PageAsync(
                context,
                sets,
                frames,
                cultures,
                chosen,
                DisplayText.Short($"{form["count"]}"),
                refused!.ProblemDetails.Detail,
                null,
                StatusCodes.Status400BadRequest,
                ct
            );
        }
        var isEnded = await Task.WhenAny(warm, Task.Delay(Patience, time, ct)) == warm;
        if (isEnded)
            await warm;
        return FormRoutes.GoTo(Outcomes.Of(OperationsPaths.Warming, isEnded ? "warmed" : "warming"));
    }

    private static async Task<PageResult<WarmingPage>> PageAsync(
        HttpContext context,
        WarmSetList sets,
        PageFrames frames,
        DisplayCultures cultures,
        IReadOnlyList<string> chosen,
        string count,
        string? error,
        string? done,
        int status,
        CancellationToken ct
    )
    {
        OperationsFormats formats = new(cultures.Of(context.Request));
        var answer = await sets.ReadAsync(ct);
        return new(
            frames.Of(context),
            new WarmingViewModel(
                [.. answer.Items.Select(set => Row(set, chosen.Contains(set.Set, StringComparer.Ordinal), formats))],
                answer.WhyOff is null ? null : $"Off: {string.Join(", ", answer.Off)}. {answer.WhyOff}",
                count,
                error,
                done
            ),
            status
        );
    }

    private static WarmSetRow Row(WarmSetItem set, bool isChosen, OperationsFormats formats)
    {
        var (state, status) = set.Last is { } last ? OperationsFormats.Status(last.Status) : ("waiting", "never");
        TimedText word = status;
        if (set.Last is { StuckSince: { } since })
            (state, word) = ("wrong", new TimedText([("stuck since ", formats.Moment(since))]));
        return new(
            set.Set,
            $"{set.Key}, kept {formats.Duration(TimeSpan.FromSeconds(set.TtlSeconds))}, phase {set.Phase}{(set.PerTenant ? ", per tenant" : "")}",
            state,
            word,
            set.Last?.Trigger,
            set.Last is { } run ? OperationsPaths.Run(run.RunId) : null,
            set.Last is { } warmed ? formats.Count(warmed.Warmed) : "",
            set.Last is { } failed ? formats.Count(failed.Failed) : "",
            formats.Moment(set.Last?.StartedAt),
            formats.Moment(set.Next),
            set.Pause is not null ? "paused"
                : !set.Automatic ? "by hand alone"
                : set.IntervalSeconds is null ? "at starts and ends of nights"
                : "soon",
            set.Pause is { } pause ? formats.Sentence(pause) : null,
            isChosen
        );
    }
}
