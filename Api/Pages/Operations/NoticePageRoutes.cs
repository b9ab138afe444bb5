using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Admin;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Core.Notices;

namespace Overnight.Api.Pages.Operations;

/// <summary>What webhooks are told, filtered, a page at a time.</summary>
/// <param name="Errors">Of the filter, by field.</param>
public sealed record NoticesViewModel(
    IReadOnlyList<NoticeRow> Rows,
    IReadOnlyList<string> Events,
    string Event,
    string State,
    IDictionary<string, string[]> Errors,
    string? Next,
    string? First,
    string? Done
)
{
    public bool IsFiltered => Event.Length + State.Length > 0;
}

/// <param name="Body">What is sent: counts, times and links.</param>
/// <param name="Redeliver">Where the form that sends it again goes; null where it has no target.</param>
public sealed record NoticeRow(
    string Event,
    string Subject,
    MomentViewModel At,
    IReadOnlyList<DeliveryRow> Deliveries,
    string Body,
    string? Redeliver
);

/// <param name="Facts">How often it was tried, and what came of the last try.</param>
/// <param name="Moment">When it was delivered, or is tried next; null when it is not tried any more.</param>
public sealed record DeliveryRow(string Target, string State, string Word, string Facts, string? MomentWord, MomentViewModel? Moment);

/// <summary>The page of notices and the form that sends one again.</summary>
internal static class NoticePageRoutes
{
    public static void MapNoticePages(this RouteGroupBuilder pages, RouteGroupBuilder forms)
    {
        pages.MapGet(OperationsPaths.Notices, ListAsync);
        forms.MapPost($"{OperationsPaths.Notices}/{{id}}/redeliver", RedeliverAsync);
    }

    private static async Task<IResult> ListAsync(
        string? state,
        string? @event,
        string? cursor,
        string? done,
        HttpContext context,
        NoticeList notices,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var filter = NoticeFilter.Read(OperationsPaths.Given(state), OperationsPaths.Given(@event), errors);
        var page = PageQuery<NoticeCursor>.Read(null, OperationsPaths.Given(cursor), errors);
        if (errors.IsOf("cursor"))
            return errors.ToProblem();
        OperationsFormats formats = new(cultures.Of(context.Request));
        var listed = Listed<NoticeRow>.Of(
            errors.Any ? [] : await notices.ReadAsync(filter, page, ct),
            page,
            item => new NoticeCursor(item.Number),
            item => Row(item, formats)
        );
        return new PageResult<NoticesPage>(
            frames.Of(context),
            new NoticesViewModel(
                listed.Items,
                NoticeEvents.All,
                DisplayText.Short(@event ?? ""),
                DisplayText.Short(state ?? ""),
                errors.ByField,
                listed.NextCursor is null ? null : Address(listed.NextCursor),
                page.After is null ? null : Address(null),
                done
            ),
            errors.Any ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK
        );

        string Address(string? at) => OperationsPaths.With(OperationsPaths.Notices, ("event", @event), ("state", state), ("cursor", at));
    }

    private static async Task<IResult> RedeliverAsync(string id, HttpContext context, NoticeList notices, CancellationToken ct)
    {
        var answer = await NoticeRoutes.RedeliverAsync(id, null, context, notices, ct);
        return answer.Result is Accepted<NoticeItem> ? FormRoutes.GoTo(Outcomes.Of(OperationsPaths.Notices, "redelivered")) : answer;
    }

    private static NoticeRow Row(NoticeItem item, OperationsFormats formats) =>
        new(
            item.Event,
            item.Subject,
            formats.Moment(item.CreatedAt),
            [.. item.Deliveries.Select(delivery => Row(delivery, formats))],
            item.Body.GetRawText(),
            item.Deliveries.Count == 0 ? null : OperationsPaths.Redeliver(item.Id)
        );

    private static DeliveryRow Row(DeliveryItem item, OperationsFormats formats)
    {
        var (state, word) = item.State switch
        {
            "delivered" => ("fresh", "delivered"),
            "waiting" => item.Attempts == 0 ? ("waiting", "waiting") : ("delayed", "is tried again"),
            _ => ("wrong", "given up"),
        };
        List<string> facts = [];
        if (item.Attempts > 0)
            facts.Add(item.Attempts == 1 ? "1 try" : $"{formats.Count(item.Attempts)} tries");
        if (item.Error is { } error && item.State != "delivered")
            facts.Add(error);
        else if (item.Status is { } status)
            facts.Add($"the last answer was {status}");
        var moment = item.DeliveredAt ?? item.NextAt;
        return new(
            item.Target,
            state,
            word,
            string.Join(", ", facts),
            moment is null ? null
                : item.DeliveredAt is not null ? ""
                : item.Attempts == 0 ? "first try"
                : "at",
            formats.Moment(moment)
        );
    }
}
