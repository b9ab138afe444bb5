using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Flags;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Paging;
using Overnight.Core.Flags;

namespace Overnight.Api.Pages.Operations;

/// <summary>Pages of feature flags: the list, and one with its form, its changes, and what came between.</summary>
internal static class FlagPageRoutes
{
    private const int ShownChanges = 20;
    private const string One = $"{OperationsPaths.Flags}/{{key}}";

    public static void MapFlagPages(this RouteGroupBuilder pages, RouteGroupBuilder forms)
    {
        pages.MapGet(OperationsPaths.Flags, ListAsync);
        pages.MapGet(One, GetAsync);
        forms.MapPost(One, ChangeAsync);
    }

    private static async Task<IResult> ListAsync(
        HttpContext context,
        string? cursor,
        FlagStore flags,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var page = PageQuery<FlagCursor>.Read(null, OperationsPaths.Given(cursor), errors);
        if (errors.Any)
            return errors.ToProblem();
        OperationsFormats formats = new(cultures.Of(context.Request));
        var listed = Listed<FlagRow>.Of(
            await flags.ListAsync(page.After?.Key ?? "", page.Limit + 1, ct),
            page,
            flag => new FlagCursor(flag.Key),
            flag => new FlagRow(
                OperationsPaths.Flag(flag.Key),
                flag.Key,
                flag.Enabled,
                flag.Value ?? "",
                flag.Description,
                formats.Moment(flag.UpdatedAt),
                flag.AccessCount == 0 ? "never" : formats.Count(flag.AccessCount),
                formats.Moment(flag.LastAccessedAt)
            )
        );
        return new PageResult<FlagsPage>(
            frames.Of(context),
            new FlagsViewModel(
                listed.Items,
                listed.NextCursor is null ? null : OperationsPaths.With(OperationsPaths.Flags, ("cursor", listed.NextCursor)),
                page.After is null ? null : OperationsPaths.Flags
            )
        );
    }

    private static async Task<IResult> GetAsync(
        string key,
        string? done,
        HttpContext context,
        FlagStore flags,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        if (!FeatureFlag.IsKey(key))
            return FlagRoutes.WrongKey(key);
        return await flags.FindAsync(key, ct) is { } flag ? await PageAsync(new FlagForm(flag), null, null, done) : FlagRoutes.Missing(key);

        Task<PageResult<FlagPage>> PageAsync(FlagForm form, string? error, FlagConflict? conflict, string? outcome) =>
            ShowAsync(context, key, form, error, conflict, outcome, StatusCodes.Status200OK, flags, frames, cultures, ct);
    }

    private static async Task<IResult> ChangeAsync(
        string key,
        HttpContext context,
        FlagStore flags,
        FlagChanges changes,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        var form = FlagForm.Of(await context.Request.ReadFormAsync(ct));
        using var body = form.TryBody(out var fault);
        if (body is null)
            return await AgainAsync(fault, null, StatusCodes.Status400BadRequest);
        var before = FeatureFlag.IsKey(key) ? await flags.FindAsync(key, ct) : null;
        var answer = await changes.ChangeAsync(key, body, context, ct);
        return answer.Result switch
        {
            Ok<FlagItem> { Value: { } after } => FormRoutes.GoTo(
                Outcomes.Of(OperationsPaths.Flag(key), after.Version == before?.Version ? "unchanged" : "changed")
            ),
            ValidationProblem { ProblemDetails: { } refused } when before is not null => await AgainAsync(
                refused.Detail,
                null,
                StatusCodes.Status400BadRequest
            ),
            ProblemHttpResult { StatusCode: StatusCodes.Status409Conflict } when await flags.FindAsync(key, ct) is { } current =>
                await AgainAsync(null, Conflict(form, current, new(cultures.Of(context.Request))), StatusCodes.Status409Conflict),
            _ => answer,
        };

        Task<PageResult<FlagPage>> AgainAsync(string? error, FlagConflict? conflict, int status) =>
            ShowAsync(context, key, form, error, conflict, null, status, flags, frames, cultures, ct);
    }

    private static async Task<PageResult<FlagPage>> ShowAsync(
        HttpContext context,
        string key,
        FlagForm form,
        string? error,
        FlagConflict? conflict,
        string? done,
        int status,
        FlagStore flags,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        OperationsFormats formats = new(cultures.Of(context.Request));
        var changes = FeatureFlag.IsKey(key) ? await flags.ChangesAsync(key, long.MaxValue, ShownChanges, ct) : [];
        return new(
            frames.Of(context),
            new FlagViewModel(
                key,
                OperationsPaths.Flag(key),
                form.Version,
                form.Enabled,
                form.Value,
                form.Description,
                error,
                conflict,
                [.. changes.Select(change => Row(change, formats))],
                done
            ),
            status
        );
    }

    private static FlagConflict Conflict(FlagForm yours, FeatureFlag theirs, OperationsFormats formats) =>
        new(
            theirs.Version.ToString(CultureInfo.InvariantCulture),
            formats.Moment(theirs.UpdatedAt),
            By(theirs.UpdatedBy),
            [
                new("State", OnOff(theirs.Enabled), OnOff(yours.Enabled)),
                new("Value", theirs.Value ?? "none", yours.Value.Trim().Length == 0 ? "none" : yours.Value.Trim()),
                new("Description", theirs.Description, yours.Description),
            ]
        );

    private static FlagChangeRow Row(FlagChangeRecord change, OperationsFormats formats)
    {
        var (before, after) = (
            JsonElement.Parse(Core.Json.JsonSurrogates.Repair(change.Before)),
            JsonElement.Parse(Core.Json.JsonSurrogates.Repair(change.After))
        );
        return new(
            change.Version.ToString(CultureInfo.InvariantCulture),
            formats.Moment(change.ChangedAt),
            By(change.ChangedBy),
            [
                .. after
                    .EnumerateObject()
                    .Where(field => !before.TryGetProperty(field.Name, out var old) || old.GetRawText() != field.Value.GetRawText())
                    .Select(field =>
                        $"{field.Name}: {(before.TryGetProperty(field.Name, out var old) ? old.GetRawText() : "")} → {field.Value.GetRawText()}"
                    ),
            ]
        );
    }

    private static string By(Guid? user) => user is { } id ? $"user {id:D}" : "the admin key, a seed or SQL";

    private static string OnOff(bool enabled) => enabled ? "on" : "off";
}
