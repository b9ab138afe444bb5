using System.Text.Json;
using Overnight.Api.Admin;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Core.Actions;

namespace Overnight.Api.Pages.Operations;

/// <summary>The action log, filtered, a page at a time.</summary>
/// <param name="Errors">Of the filter, by field.</param>
public sealed record LogViewModel(
    IReadOnlyList<LogRow> Rows,
    IReadOnlyList<string> Actions,
    string Action,
    string User,
    IDictionary<string, string[]> Errors,
    string? Next,
    string? First
);

/// <param name="ActorId">The user, or that the user was erased; null when it was no person.</param>
/// <param name="Detail">Further facts as name: value.</param>
public sealed record LogRow(
    string Action,
    string Outcome,
    MomentViewModel At,
    string Actor,
    string? ActorId,
    string? ActorPath,
    string? SubjectId,
    string? SubjectPath,
    string? Target,
    string? TargetPath,
    string Detail
);

/// <summary>The page of the action log.</summary>
internal static class LogPageRoute
{
    private const string Erased = "a user who was erased";

    public static void MapLogPage(this RouteGroupBuilder pages) => pages.MapGet(OperationsPaths.Log, ListAsync);

    private static async Task<IResult> ListAsync(
        HttpContext context,
        string? action,
        string? user,
        string? cursor,
        ActionLogList actions,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var (asked, about) = (OperationsPaths.Given(action), OperationsPaths.Given(user?.Trim()));
        var filter = ActionFilter.Read(asked, about, errors);
        var page = PageQuery<ActionCursor>.Read(null, OperationsPaths.Given(cursor), errors);
        if (errors.IsOf("cursor"))
            return errors.ToProblem();
        var listed = Listed<ActionItem>.Of(
            errors.Any ? [] : await actions.ReadAsync(filter, page, ct),
            page,
            item => new ActionCursor(item.Number),
            item => item
        );
        OperationsFormats formats = new(cultures.Of(context.Request));
        return new PageResult<LogPage>(
            frames.Of(context),
            new LogViewModel(
                [.. listed.Items.Select(item => Row(item, formats))],
                LoggedActions.Names,
                DisplayText.Short(asked ?? ""),
                DisplayText.Short(about ?? ""),
                errors.ByField,
                listed.NextCursor is null ? null : Address(listed.NextCursor),
                page.After is null ? null : Address(null)
            ),
            errors.Any ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK
        );

        string Address(string? at) => OperationsPaths.With(OperationsPaths.Log, ("action", asked), ("user", about), ("cursor", at));
    }

    private static LogRow Row(ActionItem item, OperationsFormats formats) =>
        new(
            item.Action,
            CodeWords.Of(item.Outcome),
            formats.Moment(item.At),
            item.Actor,
            item.ActorRef is null ? null : item.ActorId?.ToString("D") ?? Erased,
            item.ActorId is { } actor ? OperationsPaths.User(actor) : null,
            item.SubjectRef is null ? null : item.SubjectId?.ToString("D") ?? Erased,
            item.SubjectId is { } subject ? OperationsPaths.User(subject) : null,
            item.Target,
            item.Target is null ? null : TargetPath(item.Action, item.Target),
            item.Detail is { } detail ? Facts(detail) : ""
        );

    private static string? TargetPath(string action, string target) =>
        action switch
        {
            "run" or "retry" when Guid.TryParseExact(target, "D", out var run) => OperationsPaths.Run(run),
            "flag-change" => OperationsPaths.Flag(target),
            _ => null,
        };

    private static string Facts(JsonElement detail) =>
        detail.ValueKind != JsonValueKind.Object
            ? detail.GetRawText()
            : string.Join(
                ", ",
                detail
                    .EnumerateObject()
                    .Where(field => field.Value.ValueKind != JsonValueKind.Null)
                    .Select(field =>
                        $"{field.Name}: {(field.Value.ValueKind == JsonValueKind.String ? field.Value.GetString() : field.Value.GetRawText())}"
                    )
            );
}
