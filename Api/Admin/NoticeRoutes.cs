using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;

namespace Overnight.Api.Admin;

/// <summary>Lets administrators see what webhooks were told, and have it told again.</summary>
internal static class NoticeRoutes
{
    public static void AddNoticeList(this WebApplicationBuilder builder) => builder.Services.AddSingleton<NoticeList>();

    public static void MapNotices(this WebApplication app)
    {
        var group = app.MapGroup("/api/admin/notices").WithTags("Admin").RequireAuthorization(SessionSetup.Admin);
        group
            .MapGet("", ListAsync)
            .WithName("ListNotices")
            .WithSummary(
                "What webhooks are told, latest first, with the state of each delivery: those in a state (waiting, delivered, failed) or of an event where given. limit is 1 to 200, 50 when left out; cursor is the nextCursor of the page before."
            );
        group
            .MapPost("{id}/redeliver", RedeliverAsync)
            .WithName("RedeliverNotice")
            .WithSummary(
                "Sends a notice again, with the same id, to the target named by ?target= or to all it was written for; jobs does it within seconds, and tries for a day."
            )
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<Listed<NoticeItem>>, ValidationProblem>> ListAsync(
        string? state,
        string? @event,
        string? limit,
        string? cursor,
        NoticeList notices,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var filter = NoticeFilter.Read(state, @event, errors);
        var page = PageQuery<NoticeCursor>.Read(limit, cursor, errors);
        if (errors.Any)
            return errors.ToProblem();
        return TypedResults.Ok(
            Listed<NoticeItem>.Of(await notices.ReadAsync(filter, page, ct), page, item => new NoticeCursor(item.Number), item => item)
        );
    }

    internal static async Task<Results<Accepted<NoticeItem>, ValidationProblem, ProblemHttpResult>> RedeliverAsync(
        string id,
        string? target,
        HttpContext context,
        NoticeList notices,
        CancellationToken ct
    )
    {
        if (!InvalidId.TryRead(id, out var notice, out var problem))
            return problem;
        var (item, isScheduled) = await notices.RedeliverAsync(notice, target, SessionPrincipal.ActorOf(context), ct);
        if (item is null)
        {
            return TypedResults.Problem(
                $"There is no notice {notice:D}; /api/admin/notices lists those there are.",
                statusCode: StatusCodes.Status404NotFound,
                title: "Notice not found"
            );
        }
        if (isScheduled)
            return TypedResults.Accepted("/api/admin/notices", item);
        var targets = item.Deliveries.Count == 0 ? "none" : string.Join(", ", item.Deliveries.Select(delivery => delivery.Target));
        return TypedResults.Problem(
            target is null
                ? $"Notice {notice:D} was written for no target, since none wanted {item.Event} then."
                : $"target: notice {notice:D} was not written for '{DisplayText.Short(target)}'. Its targets: {targets}.",
            statusCode: StatusCodes.Status409Conflict,
            title: "Nobody to deliver to"
        );
    }
}
